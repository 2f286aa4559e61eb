"""kzoo train RECIPE [KEY=VALUE…] [--resume RUN]"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO, cast

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare, print_json, runs_folder
from kzoo.recipe import load_recipe
from kzoo.runs.folder import Run, load_run


@click.command("train")
@click.argument("recipe", required=False)
@click.argument("overrides", nargs=-1)
@click.option(
    "--resume", type=click.Path(path_type=Path), help="Go on with an interrupted run; no RECIPE then."
)
@click.option("--checkpoint", help="Resume from this one of its checkpoints instead of the last.")
@runs_folder
@plugin_files
@as_json
def command(
    recipe: str | None,
    overrides: tuple[str, ...],
    resume: Path | None,
    checkpoint: str | None,
    runs: Path,
    plugins: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Train a recipe: a shipped one by name, or any file.

    KEY=VALUE changes a value of it, for instance fit.epochs=2 or compile.optimizer=lion.
    """
    if (recipe is None) == (resume is None):
        raise click.UsageError("give a RECIPE, or --resume RUN and nothing else")
    if checkpoint and not resume:
        raise click.UsageError("--checkpoint goes with --resume RUN")
    bring_own_parts(plugins)
    read = load_run(resume).recipe if resume else load_recipe(str(recipe), overrides)
    prepare(read)
    from rich.console import Console

    from kzoo.cli.standard_streams import Heedless, write_nowhere
    from kzoo.training.train import resume as go_on
    from kzoo.training.train import train

    out = Heedless(sys.stdout)
    console = Console(file=cast(TextIO, out), quiet=as_json)
    run = go_on(resume, console, checkpoint) if resume else train(read, runs, console)
    if as_json:
        print_json({**run.results, "path": str(run.path)})
    elif out.broken is None:
        click.echo(summary(run))
    elif isinstance(out.broken, BrokenPipeError):
        write_nowhere()
    else:
        raise out.broken


def summary(run: Run) -> str:
    """What came of a run, in two lines."""
    results = run.results
    measured = next((name for name in ("test", "validation", "train") if results[name]), "train")
    numbers = ", ".join(f"{name} {value:.4f}" for name, value in results[measured].items())
    return (
        f"{measured}: {numbers}  ({results['epochs']} epochs, {results['parameters']:,} parameters, "
        f"{results['seconds']:.0f} s)\nrun: {run.path}"
    )
