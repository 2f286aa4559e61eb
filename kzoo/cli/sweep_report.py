"""What a sweep says: as it goes on, and what came of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from kzoo.cli.heat_map import heat_map_of, terminal_map, write_map
from kzoo.cli.options import print_json
from kzoo.runs.files import write_whole
from kzoo.sweep.objective import measured
from kzoo.sweep.summary import Cell, Summary, write_files

_SHOWN = 20  # lines of a search; the rest is in results.csv


class Reporter:
    """Reports on a sweep while it goes on.

    Args:
        quiet: Whether to say nothing.
    """

    def __init__(self, quiet: bool):
        self.console = Console(quiet=quiet, stderr=False)
        self.sweep: Any = None
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def begin(self, sweep: Any) -> None:
        """Says what there is to do."""
        self.sweep = sweep
        plan, left = sweep.study.plan, len(sweep.study.unfinished())
        for note in sweep.notes:
            self._say(f"note: {note}")
        kind = "trials of a search" if plan.trials else "cells of a grid"
        better = "higher" if plan.mode == "max" else "lower"
        self._say(f"sweep: {sweep.folder.path}")
        self._say(f"{plan.size} {kind}, {left} to train; what counts: {plan.monitor}, {better} is better")
        if self.console.is_terminal and left:
            columns = (TextColumn("trials"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._task = self._bar.add_task("", total=plan.size, completed=plan.size - left)
            self._bar.start()

    def ended(self, trial: Any) -> None:
        """Says how a trial ended."""
        plan, said = self.sweep.study.plan, trial.said
        values = "  ".join(f"{short(key)} {each}" for key, each in plan.names(trial.values).items())
        if said["kind"] == "done":
            seconds = said["results"]["seconds"]
            outcome = f"{plan.monitor} {number(measured(said['results'], plan.monitor))}  ({seconds:.1f} s)"
        elif said["kind"] == "pruned":
            outcome = f"pruned after epoch {said['epoch']}, at {number(said['value'])}"
        else:
            outcome = f"failed: {said['message'].splitlines()[0]}"
        went_on = "  (gone on with)" if trial.went_on else ""
        width = len(str(plan.size))
        self._say(f"{trial.number + 1:>{width}}/{plan.size}  {values}  {outcome}{went_on}")
        if self._bar:
            left = len(self.sweep.study.unfinished())
            self._bar.update(self._task, completed=plan.size - left)

    def waiting(self, numbers: set[int]) -> None:
        """Says that others have what is left."""
        self._say(f"waiting for other workers, who have {len(numbers)} trials")

    def close(self) -> None:
        """Takes the bar off the terminal."""
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, soft_wrap=True, markup=False)


def show(summary: Summary, folder: Path, as_json: bool) -> None:
    """Writes what came of a sweep into its folder, and prints it."""
    write_all(summary, folder)
    if as_json:
        print_json({**summary.as_json(), "path": str(folder)})
        return
    console = Console()
    console.print()
    console.print(table_of(summary, _SHOWN if summary.plan.trials else 0))
    found = heat_map_of(summary)
    if found is not None and console.color_system:
        console.print()
        console.print(terminal_map(found))
    for line in lines_of(summary):
        click.echo(line)
    names = sorted(each.name for each in folder.glob("results.*")) + [
        each for each in ("table.txt", "heat_map.svg") if (folder / each).is_file()
    ]
    click.echo(f"written: {', '.join(names)} in {folder}")


def write_all(summary: Summary, folder: Path) -> None:
    """`results.csv`, `results.json`, `table.txt`, and `heat_map.svg` where two axes make one."""
    write_files(summary, folder)
    stream = io.StringIO()
    Console(file=stream, width=160, color_system=None).print(table_of(summary))
    text = "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
    write_whole(folder / "table.txt", "\n".join([text, *lines_of(summary)]) + "\n")
    found = heat_map_of(summary)
    if found is not None:
        write_map(found, folder / "heat_map.svg")


def table_of(summary: Summary, most: int = 0) -> Table:
    """The cells, best first."""
    table = Table(box=None, pad_edge=False)
    keys = [axis.key for axis in summary.plan.axes if axis.key != "seed"]
    beside = _beside(summary)
    for key in keys:
        table.add_column(short(key))
    for name in (summary.plan.monitor, *beside):
        table.add_column(name, justify="right")
    table.add_column("seeds", justify="right")
    table.add_column("")
    cells = summary.cells[:most] if most else summary.cells
    for cell in cells:
        numbers = [_with_spread(cell.of(name)) for name in (summary.plan.monitor, *beside)]
        style = "bold" if cell.verdict == "best" else None
        row = [*(cell.values.get(key, "") for key in keys), *numbers, str(len(cell.measured))]
        table.add_row(*row, _remark(cell, summary.plan.monitor), style=style)
    if len(cells) < len(summary.cells):
        table.add_row(f"… {len(summary.cells) - len(cells)} more in results.csv")
    return table


def lines_of(summary: Summary) -> list[str]:
    """What the table means, what failed, and how to repeat the best."""
    lines = [f"{note}" for note in summary.notes] if any(cell.measured for cell in summary.cells) else []
    failed = [each for each in summary.trials if each.state == "fail"]
    for each in failed[:5]:
        what = " ".join(each.values.values())
        lines.append(f"failed: {what}: {each.failure.splitlines()[0] if each.failure else 'no reason known'}")
    if len(failed) > 5:
        lines.append(f"failed: {len(failed) - 5} more; results.csv has their reasons")
    if summary.cells and summary.cells[0].measured:
        lines += ["the best again:", *(f"  {command}" for command in summary.cells[0].commands)]
        lines.append("results.csv has this line for every trial")
    return lines


def _beside(summary: Summary) -> list[str]:
    """What else is shown: the same on the test part, where what counts was measured on another."""
    monitor = summary.plan.monitor
    other = f"test_{monitor.removeprefix('val_')}"
    known = any(cell.of(other) for cell in summary.cells)
    return [other] if known and not monitor.startswith("test_") else []


def _with_spread(values: list[float]) -> str:
    if not values:
        return "–"
    mean = sum(values) / len(values)
    if len(values) == 1:
        return number(mean)
    if len(values) == 2:
        return f"{number(mean)} ({number(min(values))} – {number(max(values))})"
    spread = (sum((each - mean) ** 2 for each in values) / (len(values) - 1)) ** 0.5
    return f"{number(mean)} ± {number(spread)}"


def _remark(cell: Cell, monitor: str) -> str:
    words = [cell.verdict] if cell.verdict else []
    for state in ("fail", "pruned", "running", "waiting"):
        count = sum(each.state == state for each in cell.trials)
        word = {"fail": "failed", "running": "unfinished", "waiting": "not begun"}.get(state, state)
        if count:
            words.append(word if count == len(cell.trials) == 1 else f"{count} {word}")
    return ", ".join(words)


def short(key: str) -> str:
    """A key as a heading: its last word, or the part before a `name`.

    >>> short("compile.optimizer.learning_rate"), short("model.name"), short("data.augment[0].pixels")
    ('learning_rate', 'model', 'pixels')
    """
    words = key.split(".")
    return words[-2] if words[-1] == "name" and len(words) > 1 else words[-1]


def number(value: float) -> str:
    """A number as a table shows it.

    >>> number(0.98123), number(1.5e-5), number(12345.6)
    ('0.9812', '1.5e-05', '1.235e+04')
    """
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.4g}"
