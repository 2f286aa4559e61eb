"""kzoo report RUN [RUN…]"""

from __future__ import annotations

from pathlib import Path

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare_forecast, print_json
from kzoo.runs.files import write_json
from kzoo.runs.folder import Run, load_run


@click.command("report")
@click.argument("runs", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="Write the page here.")
@click.option("--memory", is_flag=True, help="With what a step of a run holds, which is forecast first.")
@plugin_files
@as_json
def command(
    runs: tuple[str, ...], out: Path | None, memory: bool, plugins: tuple[Path, ...], as_json: bool
) -> None:
    """Write a page about a run, or one that lays several side by side.

    Of one run: report.html in its folder. Of several: comparison.html here, with what their recipes differ in.
    """
    bring_own_parts(plugins)
    found = [load_run(path) for path in runs]
    if memory:
        _forecast_memory(found)
    from kzoo.report import compare, write_comparison, write_report

    if len(found) == 1:
        path = out or found[0].path / "report.html"
        done = write_report(found[0], path)
    else:
        path = out or Path("comparison.html")
        done = write_comparison(found, path)
    if as_json:
        print_json({"page": str(path), **(compare(found) if len(found) > 1 else _told(found[0]))})
    else:
        click.echo(f"{done}: {path}")


def _forecast_memory(runs: list[Run]) -> None:
    """Writes a memory.json into each run's folder, as reports read it."""
    from kzoo.memory import forecast

    prepare_forecast()
    for run in runs:
        write_json(run.path / "memory.json", forecast(run.recipe).as_json())


def _told(run: Run) -> dict[str, object]:
    return {"run": str(run.path), "finished": run.finished, "results": run.results}
