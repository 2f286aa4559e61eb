"""kzoo find FOREIGN.NAME"""

from __future__ import annotations

import click

from kzoo.cli.options import as_json, bring_own_parts, print_json
from kzoo.problems import KzooError, Problem
from kzoo.registry import catalogue


@click.command("find")
@click.argument("name")
@as_json
def command(name: str, as_json: bool) -> None:
    """The part that is the same as torch.nn.SmoothL1Loss, tfa.layers.Maxout, timm.…, optax.…"""
    bring_own_parts()
    cards = catalogue().find_foreign(name)
    if not cards:
        near = catalogue().nearest_foreign(name)
        hint = f"Known: {', '.join(near)}." if near else "`kzoo list` shows the parts by kzoo's names."
        raise KzooError(Problem(f"nothing in the catalogue is known to be the same as '{name}'", hint=hint))
    if as_json:
        print_json([card.as_json() for card in cards])
        return
    for card in cards:
        click.echo(f"{catalogue().shown_name(card)} ({card.kind}): {card.summary}")
        if card.differs:
            click.echo(f"  differs: {card.differs}")
