"""kzoo train RECIPE [KEY=VALUE…] [--resume RUN] [--hosts A:PORT,B:PORT --index I]"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO, cast

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare, print_json, runs_folder
from kzoo.recipe import Recipe, load_recipe
from kzoo.runs.folder import Run, load_run


@click.command("train")
@click.argument("recipe", required=False)
@click.argument("overrides", nargs=-1)
@click.option(
    "--resume", type=click.Path(path_type=Path), help="Go on with an interrupted run; no RECIPE then."
)
@click.option("--hosts", help="Train on several hosts together: A:PORT,B:PORT, or auto on a cluster.")
@click.option("--index", type=int, help="Which of the --hosts this one is, from 0.")
@click.option("--checkpoint", help="Resume from this one of its checkpoints instead of the last.")
@runs_folder
@plugin_files
@as_json
def command(
    recipe: str | None,
    overrides: tuple[str, ...],
    resume: Path | None,
    hosts: str | None,
    index: int | None,
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
    if hosts is None and index is not None:
        raise click.UsageError("--index says which of --hosts this one is")
    if checkpoint and not resume:
        raise click.UsageError("--checkpoint goes with --resume RUN")
    bring_own_parts(plugins)
    read = load_run(resume).recipe if resume else load_recipe(str(recipe), overrides)
    if hosts is not None:
        from kzoo.cli.hosts import among, on_jax

        read = on_jax(read)
        with among(hosts, index) as first:
            _train(read, resume, checkpoint, runs, as_json, first)
        return
    _train(read, resume, checkpoint, runs, as_json)


def _train(
    read: Recipe, resume: Path | None, checkpoint: str | None, runs: Path, as_json: bool, first: bool = True
) -> None:
    """Trains and prints what came of it, which is the first host's to print."""
    prepare(read)
    from rich.console import Console

    from kzoo.cli.standard_streams import Heedless, write_nowhere
    from kzoo.training.train import resume as go_on
    from kzoo.training.train import train

    out = Heedless(sys.stdout)
    console = Console(file=cast(TextIO, out), quiet=as_json or not first)
    run = go_on(resume, console, checkpoint) if resume else train(read, runs, console)
    if not first:
        return
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
