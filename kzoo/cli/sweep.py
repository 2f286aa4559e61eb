"""kzoo sweep RECIPE KEY=a,b,c …"""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files


@click.command("sweep")
@click.argument("recipe", required=False)
@click.argument("axes", nargs=-1, metavar="[KEY=a,b,c | KEY=first..last | KEY=VALUE]...")
@click.option(
    "--trials", type=int, help="Search: so many trials, chosen from what came before. Else all of a grid."
)
@click.option(
    "--prune", is_flag=True, help="Stop trials that are worse than the median of others at that epoch."
)
@click.option("--monitor", default="", help="What counts, for instance val_accuracy or test_loss.")
@click.option(
    "--mode", type=click.Choice(["max", "min"]), help="Which way that is better; Keras knows for its own."
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes at a time.")
@click.option(
    "--resume", type=click.Path(path_type=Path), help="Go on with a sweep, or join it; no RECIPE then."
)
@click.option(
    "--into", type=click.Path(path_type=Path), help="The sweep's folder; gone on with if it is there."
)
@click.option(
    "--sweeps",
    type=click.Path(path_type=Path),
    default="sweeps",
    show_default=True,
    help="The folder for sweeps.",
)
@click.option(
    "--storage", default="", help="A database's URL, for several machines. By default a file in the folder."
)
@plugin_files
@as_json
def command(
    recipe: str | None,
    axes: tuple[str, ...],
    trials: int | None,
    prune: bool,
    monitor: str,
    mode: str | None,
    workers: int,
    resume: Path | None,
    into: Path | None,
    sweeps: Path,
    storage: str,
    plugins: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Train a recipe with many settings, and lay the results side by side.

    \b
    kzoo sweep RECIPE model.activation=relu,mish seed=0,1,2
    kzoo sweep RECIPE compile.optimizer.learning_rate=1e-4..1e-1:log --trials 30 --prune
    """
    if (recipe is None) == (resume is None):
        raise click.UsageError("give a RECIPE, or --resume SWEEP and nothing else")
    if resume and (trials or prune or monitor or mode or into):
        raise click.UsageError("--resume goes on with what was begun: it takes --workers and --storage only")
    bring_own_parts(plugins)
    from kzoo.cli.sweep_report import Reporter, show, write_all
    from kzoo.sweep.summary import summarize
    from kzoo.sweep.sweep import DatabaseLost, begin, go_on, load

    reporter = Reporter(quiet=as_json)
    if resume:
        sweep = load(resume, storage)
    else:
        sweep = begin(
            str(recipe),
            axes,
            trials=trials,
            prune=prune,
            monitor=monitor,
            mode=mode or "",
            plugins=plugins,
            storage=storage,
            sweeps=sweeps,
            into=into,
        )
    reporter.begin(sweep)
    again = f"kzoo sweep --resume {shlex.quote(str(sweep.folder.path))}"
    try:
        go_on(sweep, workers, reporter.ended, reporter.waiting)
    except DatabaseLost as error:
        click.echo(f"failed: {error}; go on with: {again}", err=True)
        return 1
    except KeyboardInterrupt:
        write_all(summarize(sweep.study), sweep.folder.path)
        raise KeyboardInterrupt(f"interrupted; go on with: {again}") from None
    finally:
        reporter.close()
    summary = summarize(sweep.study)
    show(summary, sweep.folder.path, as_json)
    return int(summary.all_failed)
