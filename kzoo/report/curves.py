"""The rows of a history as plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kzoo.report.direction import direction
from kzoo.report.plot import Line, Plot
from kzoo.runs.rows import Row

_NO_METRICS = ("epoch", "learning_rate", "seconds")


def metrics_of(rows: Sequence[Row]) -> list[str]:
    """What was measured each epoch, without `val_`: the loss first, then as Keras has them."""
    names = [name for row in rows for name in row if name not in _NO_METRICS]
    plain = list(dict.fromkeys(name.removeprefix("val_") for name in names))
    return sorted(plain, key=lambda name: name != "loss")


def points_of(rows: Iterable[Row], name: str) -> list[tuple[float, float]]:
    """A column by epoch."""
    points = []
    for row in rows:
        try:
            points.append((float(row["epoch"]), float(row[name])))
        except (KeyError, TypeError, ValueError):
            continue  # a column that this epoch doesn't have
    return points


def curves(rows: Sequence[Row]) -> list[Plot]:
    """One plot a metric, training and validation in it; the learning rate last."""
    plots = []
    for name in metrics_of(rows):
        lines = []
        for color, (shown, column) in enumerate((("training", name), ("validation", f"val_{name}"))):
            points = points_of(rows, column)
            if points:
                lines.append(Line(shown, points, color, direction(name) if color else ""))
        plots.append(Plot(name, lines))
    rates = points_of(rows, "learning_rate")
    return plots + [Plot("learning_rate", [Line("learning rate", rates)])] * bool(rates)


def compared_curves(histories: Sequence[Sequence[Row]], names: Sequence[str]) -> list[Plot]:
    """One plot a metric and part of the data, one line a run in it; the learning rate last."""
    columns = []
    for name in dict.fromkeys(name for rows in histories for name in metrics_of(rows)):
        columns += [name, f"val_{name}"]
    plots = []
    for column in [*columns, "learning_rate"]:
        lines = [
            Line(name, points, color)
            for color, (name, rows) in enumerate(zip(names, histories))
            if (points := points_of(rows, column))
        ]
        plots += [Plot(column, lines)] * bool(lines)
    return plots
