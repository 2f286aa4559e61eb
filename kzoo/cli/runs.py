"""kzoo runs"""

from __future__ import annotations

from pathlib import Path

import click

from kzoo.cli.options import as_json, print_json, runs_folder
from kzoo.runs.folder import Run, all_runs


@click.command("runs")
@runs_folder
@as_json
def command(runs: Path, as_json: bool) -> None:
    """The runs in a folder, oldest first."""
    found = all_runs(runs)
    if as_json:
        print_json(
            [{"path": str(run.path), "finished": run.finished, "results": run.results} for run in found]
        )
        return
    if not found:
        click.echo(f"no runs in {runs}")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("run", "epochs", "test", "seconds", box=None)
    for run in found:
        table.add_row(run.path.name, *_columns(run))
    Console().print(table)


def _columns(run: Run) -> tuple[str, str, str]:
    results = run.results
    if not results and run.pruned:
        return str(run.pruned["epoch"]), f"pruned at {run.pruned['monitor']} {run.pruned['value']:.4f}", "–"
    if not results:
        return "–", "interrupted", "–"
    measured = results["test"] or results["validation"] or results["train"]
    numbers = ", ".join(f"{name} {value:.4f}" for name, value in measured.items())
    return str(results["epochs"]), numbers, f"{results['seconds']:.0f}"
