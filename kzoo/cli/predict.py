"""kzoo predict RUN FILE…"""

from __future__ import annotations

from pathlib import Path

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare, print_json
from kzoo.runs.folder import load_run


@click.command("predict")
@click.argument("run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--top", default=3, show_default=True, type=click.IntRange(1), help="How many classes to print."
)
@plugin_files
@as_json
def command(run: str, files: tuple[Path, ...], top: int, plugins: tuple[Path, ...], as_json: bool) -> None:
    """Which classes picture files show, and how sure the model is."""
    bring_own_parts(plugins)
    found = load_run(run)
    prepare(found.recipe)
    from kzoo.training.predict import predict

    predictions = predict(found, list(files), top)
    if as_json:
        print_json(predictions)
        return
    for prediction in predictions:
        classes = ", ".join(f"{each['class']} {each['probability']:.1%}" for each in prediction["classes"])
        click.echo(f"{prediction['file']}: {classes}")
