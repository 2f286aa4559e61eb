"""The means of a sweep with two axes as colours, on the terminal and in a picture."""

from __future__ import annotations

import dataclasses
import io
import math
from pathlib import Path

from rich.table import Table
from rich.text import Text

from kzoo.runs.files import write_whole
from kzoo.sweep.summary import SEED, Summary

_COLOURS = "viridis"


@dataclasses.dataclass(frozen=True)
class HeatMap:
    """Means by two axes.

    Args:
        title: What was measured.
        keys: Names of the axes: of the rows, of the columns.
        rows: What the rows are.
        columns: What the columns are.
        means: A list a row; NaN where nothing was measured.
        high: Whether high is good.
    """

    title: str
    keys: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    means: tuple[tuple[float, ...], ...]
    high: bool

    def share(self, value: float) -> float:
        """Where a mean lies between the worst, 0, and the best, 1."""
        known = [each for row in self.means for each in row if not math.isnan(each)]
        low, top = min(known), max(known)
        share = (value - low) / (top - low) if top > low else 0.5
        return share if self.high else 1 - share


def heat_map_of(summary: Summary) -> HeatMap | None:
    """The heat map of a grid with two axes besides the seed; None for others."""
    axes = [axis for axis in summary.plan.axes if axis.key != SEED]
    if len(axes) != 2 or any(axis.span for axis in axes) or not any(cell.measured for cell in summary.cells):
        return None
    # The longer axis goes down: there is more room for names.
    one, other = sorted(axes, key=lambda axis: -len(axis.names))
    means = {(cell.values[one.key], cell.values[other.key]): cell.mean for cell in summary.cells}
    rows = tuple(tuple(means.get((row, column), math.nan) for column in other.names) for row in one.names)
    return HeatMap(
        summary.plan.monitor, (one.key, other.key), one.names, other.names, rows, summary.plan.mode == "max"
    )


def terminal_map(found: HeatMap) -> Table:
    """A heat map for a terminal with colours."""
    table = Table(found.title, *found.columns, box=None, pad_edge=False)
    for name, row in zip(found.rows, found.means):
        table.add_row(name, *(_coloured(found, value) for value in row))
    return table


def _coloured(found: HeatMap, value: float) -> Text:
    from matplotlib import colormaps

    if math.isnan(value):
        return Text(" – ")
    red, green, blue, _ = (round(255 * each) for each in colormaps[_COLOURS](found.share(value)))
    ink = "black" if found.share(value) > 0.5 else "white"
    return Text(f" {value:.4f} ", style=f"{ink} on rgb({red},{green},{blue})")


def write_map(found: HeatMap, path: Path) -> None:
    """Writes a heat map as SVG: the same one gives the same file, byte by byte."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "kzoo", "svg.fonttype": "none"}):
        size = (2.2 + 1.1 * len(found.columns), 1.4 + 0.42 * len(found.rows))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        shares = [
            [math.nan if math.isnan(each) else found.share(each) for each in row] for row in found.means
        ]
        axes.imshow(shares, cmap=_COLOURS, vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(found.columns)), found.columns)
        axes.set_yticks(range(len(found.rows)), found.rows)
        axes.set_xlabel(found.keys[1])
        axes.set_ylabel(found.keys[0])
        axes.set_title(f"{found.title}, mean over seeds", fontsize="medium")
        for row, values in enumerate(found.means):
            for column, value in enumerate(values):
                text = "–" if math.isnan(value) else f"{value:.4f}"
                ink = "black" if math.isnan(value) or found.share(value) > 0.5 else "white"
                axes.text(column, row, text, ha="center", va="center", color=ink, fontsize="small")
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    write_whole(path, stream.getvalue())
