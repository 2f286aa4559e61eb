"""kzoo gallery"""

from __future__ import annotations

from pathlib import Path

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, print_json
from kzoo.registry import KINDS


@click.command("gallery")
@click.option(
    "--out",
    default="site",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder to write; an earlier gallery there is replaced, nothing else ever.",
)
@click.option("--kind", "kinds", multiple=True, help="Only parts of this kind; may be given several times.")
@plugin_files
@as_json
def command(out: Path, kinds: tuple[str, ...], plugins: tuple[Path, ...], as_json: bool) -> None:
    """The catalogue as a static site: a page a part, with search; it works offline.

    Open index.html in the folder, or put the folder on any web server.
    """
    from kzoo.gallery import write_gallery

    bring_own_parts(plugins)
    written = write_gallery(out, kinds or KINDS)
    if as_json:
        print_json(
            {
                "folder": str(written.folder),
                "pages": written.pages,
                "bytes": written.bytes,
                "parts": written.parts,
                "unreadable_formulas": written.unreadable,
            }
        )
        return
    for each in written.unreadable:
        click.echo(f"warning: {each}: its formula can't be read and is shown as LaTeX", err=True)
    megabytes = written.bytes / 1e6
    click.echo(f"{sum(written.parts.values())} parts on {written.pages} pages, {megabytes:.1f} MB")
    click.echo(f"written: {out / 'index.html'}")
