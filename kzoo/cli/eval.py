"""kzoo eval RUN"""

from __future__ import annotations

from pathlib import Path

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare, print_json
from kzoo.runs.folder import load_run


@click.command("eval")
@click.argument("run")
@click.option(
    "--split", type=click.Choice(["train", "validation", "test"]), help="Only this part of the data."
)
@plugin_files
@as_json
def command(run: str, split: str | None, plugins: tuple[Path, ...], as_json: bool) -> None:
    """Measure a run's model again, on the data of its recipe."""
    bring_own_parts(plugins)
    found = load_run(run)
    prepare(found.recipe)
    from kzoo.training.evaluate import evaluate_run

    results = evaluate_run(found, [split] if split else ["validation", "test"])
    if as_json:
        print_json(results)
        return
    for name, numbers in results.items():
        click.echo(f"{name}: " + ", ".join(f"{key} {value:.4f}" for key, value in numbers.items()))
