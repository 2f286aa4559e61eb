"""kzoo check RECIPE [KEY=VALUE…]"""

from __future__ import annotations

from pathlib import Path

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare, print_json
from kzoo.recipe import load_recipe


@click.command("check")
@click.argument("recipe")
@click.argument("overrides", nargs=-1)
@click.option("--quick", is_flag=True, help="Only what can be seen without Keras.")
@plugin_files
@as_json
def command(
    recipe: str, overrides: tuple[str, ...], quick: bool, plugins: tuple[Path, ...], as_json: bool
) -> None:
    """Is this recipe right? Reads it, builds it, pushes one symbolic batch through it; trains nothing."""
    bring_own_parts(plugins)
    read = load_recipe(recipe, overrides)
    notes = list(read.notes)
    if not quick:
        prepare(read)
        from kzoo.build.dry_run import dry_run
        from kzoo.build.experiment import build

        experiment = build(read)
        dry_run(experiment)
        notes += experiment.notes
    if as_json:
        print_json({"problems": [], "notes": notes})
        return
    for note in notes:
        click.echo(f"note: {note}")
    click.echo(f"{read.path}: fine")
