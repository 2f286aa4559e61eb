"""`diagnostics.json` as blocks of a page: whatever callbacks wrote is shown by its shape, under its own name."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kzoo.report.confusion import Confusion
from kzoo.report.plot import Line, Plot, number

_MOST_LINES = 6  # in a plot; more layers are a table with coloured cells
_MOST_COLUMNS = 12  # epochs of such a table
_MOST_TEXT = 4000  # letters of what has no better form


@dataclasses.dataclass(frozen=True)
class Block:
    """One thing to show.

    Args:
        title: What it is.
        form: `plot`, `heat`, `facts`, `matrix` or `text`.
        content: What the template needs for that form.
    """

    title: str
    form: str
    content: Any


@dataclasses.dataclass(frozen=True)
class By:
    """What values are lined up by.

    Args:
        epochs: The epochs that they were measured after.
        classes: What classes are called.
    """

    epochs: Sequence[Any] = ()
    classes: Sequence[str] = ()


def diagnostic_blocks(diagnostics: Mapping[str, Any]) -> list[tuple[str, list[Block]]]:
    """Each diagnostic with its blocks; `words` are shown elsewhere.

    Args:
        diagnostics: By name, whatever the callback said: numbers by epoch, by layer, by layer and epoch, or a matrix.

    >>> ((name, blocks),) = diagnostic_blocks({"dead_units": {"by_layer": {"dense": [0.0, 0.5]}}, "words": []})
    >>> name, [(block.title, block.form) for block in blocks]
    ('dead_units', [('by layer', 'plot')])
    """
    found = [(str(name), _blocks("", value, By())) for name, value in diagnostics.items() if name != "words"]
    return [(name, blocks) for name, blocks in found if blocks]


def _blocks(title: str, value: Any, by: By) -> list[Block]:
    if value in (None, {}, [], ""):
        return []
    if isinstance(value, Mapping):
        return _of_mapping(title, {str(key): each for key, each in value.items()}, by)
    if isinstance(value, list):
        if len(value) != len(by.epochs) and _is_square(value):
            return [Block(title, "matrix", _confusion(value, by.classes))]
        if _is_series(value):
            return _of_mapping("", {title or "value": value}, by)
        if all(_is_square(each) for each in value):  # one matrix an epoch: the last says most
            return _blocks(f"{title}, last epoch".strip(", "), value[-1], By((), by.classes))
        if all(isinstance(each, Mapping) for each in value):  # one mapping an epoch
            names = dict.fromkeys(str(name) for each in value for name in each)
            rows = [{str(key): item for key, item in each.items()} for each in value]
            return _of_mapping(title, {name: [row.get(name) for row in rows] for name in names}, by)
        if all(isinstance(each, list) and len(each) == len(value[0]) for each in value):  # one list an epoch
            names = _names(by.classes, len(value[0]))
            return _of_mapping(title, {name: [row[at] for row in value] for at, name in enumerate(names)}, by)
    return [Block(title, "text", _text(value))]


def _of_mapping(title: str, value: dict[str, Any], by: By) -> list[Block]:
    steps, classes = value.get("epochs"), value.get("class_names", value.get("classes"))
    if _is_series(steps):
        by = By(value.pop("epochs"), by.classes)
    if isinstance(classes, list) and all(isinstance(each, str) for each in classes):
        value = {name: each for name, each in value.items() if each is not classes}
        by = By(by.epochs, classes)
    facts = {name: each for name, each in value.items() if isinstance(each, (str, int, float))}
    series = {name: each for name, each in value.items() if _is_series(each)}
    blocks = []
    if facts:
        shown = [(name, number(each) if _is_number(each) else str(each)) for name, each in facts.items()]
        blocks.append(Block(title, "facts", shown))
    if series and len(series) <= _MOST_LINES:
        lines = [
            Line(name, _points(each, by.epochs), color) for color, (name, each) in enumerate(series.items())
        ]
        shown_title = title or (next(iter(series)) if len(series) == 1 else "by epoch")
        blocks.append(Block(shown_title, "plot", Plot(shown_title, lines)))
    elif series:
        blocks.append(Block(title, "heat", _heat(series, by.epochs)))
    for name, each in value.items():
        if name not in facts and name not in series:
            blocks += _blocks(_said(title, name), each, by)
    return blocks


def _said(title: str, name: str) -> str:
    return f"{title}: {name}".strip(": ").replace("_", " ")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_series(value: Any) -> bool:
    """Numbers by epoch; None where an epoch has none."""
    return (
        isinstance(value, list)
        and any(_is_number(each) for each in value)
        and all(each is None or _is_number(each) for each in value)
    )


def _is_square(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(
            isinstance(row, list) and len(row) == len(value) and all(map(_is_number, row)) for row in value
        )
    )


def _points(values: Sequence[Any], epochs: Sequence[Any]) -> list[tuple[float, float]]:
    steps = epochs if len(epochs) == len(values) else range(1, len(values) + 1)
    return [(float(step), math.nan if each is None else float(each)) for step, each in zip(steps, values)]


def _names(classes: Sequence[str], count: int) -> list[str]:
    return list(classes) if len(classes) == count else [str(index) for index in range(count)]


def _confusion(matrix: list[list[Any]], classes: Sequence[str]) -> Confusion:
    counts = [
        [row, column, round(count)] for row, each in enumerate(matrix) for column, count in enumerate(each)
    ]
    return Confusion(_names(classes, len(matrix)), [each for each in counts if each[2] > 0])


def _heat(series: dict[str, list[Any]], epochs: Sequence[Any]) -> dict[str, Any]:
    """Rows of layers, columns of epochs; the strength of a cell is where it lies between smallest and largest."""
    longest = max(map(len, series.values()))
    steps = list(epochs) if len(epochs) == longest else list(range(1, longest + 1))
    chosen = sorted({round(index * (longest - 1) / (_MOST_COLUMNS - 1)) for index in range(_MOST_COLUMNS)})
    chosen = chosen if longest > _MOST_COLUMNS else list(range(longest))
    values = [each for row in series.values() for each in row if _is_number(each) and math.isfinite(each)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    log = low > 0 and high / low >= 100

    def cell(row: list[Any], at: int) -> tuple[str, float]:
        value = row[at] if at < len(row) else None
        if value is None:
            return "", 0.0
        if not math.isfinite(value) or high == low:
            return number(value, 2), 0.0
        share = math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)
        return number(value, 2), round(share, 3)

    rows = [(name, [cell(row, at) for at in chosen]) for name, row in series.items()]
    return {"epochs": [number(steps[at]) for at in chosen], "rows": rows}


def _text(value: Any) -> str:
    text = json.dumps(value, indent=1, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + "\n…"
