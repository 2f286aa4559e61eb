"""kzoo list [KIND] [PATTERN]"""

from __future__ import annotations

import click

from kzoo.cli.options import as_json, bring_own_parts, print_json
from kzoo.problems import nearest
from kzoo.registry import KINDS, catalogue
from kzoo.registry.advice import advice


@click.command("list")
@click.argument("kind", required=False)
@click.argument("pattern", default="*")
@click.option("--tag", help="Only parts with this tag, for instance hidden or transformer.")
@as_json
def command(kind: str | None, pattern: str, tag: str | None, as_json: bool) -> None:
    """Names of parts: of one kind, or of all.

    PATTERN is a shell pattern such as "resnet*".
    """
    bring_own_parts()
    kinds = [kind] if kind else list(KINDS)
    found = {each: catalogue().names(each, pattern, tag) for each in kinds}
    if as_json:
        print_json(found if kind is None else found[kind])
        return
    for each, names in found.items():
        if not names:
            continue
        if kind is None:
            click.echo(f"{each} ({len(names)}): {', '.join(names)}")
            continue
        width = max(map(len, names))
        for name in names:
            click.echo(f"{name:<{width}}  {catalogue().find(each, name).summary}".rstrip())
    if not any(found.values()):
        asked = pattern if tag is None else f"{pattern} --tag {tag}"
        click.echo(f"nothing fits {asked}{_nearest_tags(kinds, tag)}", err=True)
    elif kind and advice(kind, tag):
        click.echo(f"\n{advice(kind, tag)}")


def _nearest_tags(kinds: list[str], tag: str | None) -> str:
    """The tags that may have been meant; all of a single kind where none is near."""
    known = sorted({each for kind in kinds for card in catalogue().cards(kind) for each in card.tags})
    if tag is None or tag in known:
        return ""
    near = nearest(tag, known)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; tags: {', '.join(known)}" if len(kinds) == 1 else ""
