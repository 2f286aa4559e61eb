"""Forecasts of memory, drawn and tabled on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kzoo.memory.forecast import OF_A_LAYER, PARTS, Forecast
from kzoo.memory.sizes import size_text

_COLOURS = ("blue", "red", "yellow", "green", "cyan", "magenta", "white", "bright_black")
_WIDTH = 40


def print_bars(found: Forecast) -> None:
    """A line for each part with a bar, and what they come to."""
    console, total = Console(highlight=False), found.total_bytes
    console.print(
        f"{found.recipe}: {size_text(total)} at the fullest moment of {_step(found)}", soft_wrap=True
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    for part, colour in zip(PARTS, _COLOURS):
        share = found.parts[part] / total
        if found.parts[part]:
            bar = Text(_bar(share, console), style=colour)
            table.add_row(part, Text(size_text(found.parts[part]), justify="right"), f"{share:5.1%}", bar)
    console.print(table)
    if found.training and found.parts["gradients"] < found.all_gradients:
        whole = size_text(found.all_gradients)
        console.print(
            f"All gradients are {whole}; each is dropped once the optimizer has used it.", soft_wrap=True
        )


def _step(found: Forecast) -> str:
    how = "training" if found.training else "inference"
    extra = ", rematerialized" if found.remat else ""
    return f"a step of {how} (batch {found.batch_size}, {found.precision}{extra})"


def _bar(share: float, console: Console) -> str:
    sign = "█" if (console.encoding or "").lower().startswith("utf") else "#"
    return sign * max(round(share * _WIDTH), 1)


def print_layers(found: Forecast) -> None:
    """A row for each layer; what belongs to none has no name."""
    names = [part for part in OF_A_LAYER if any(row[part] for row in found.layers)]
    table = Table("layer", *names, box=None)
    for row in found.layers:
        table.add_row(row["layer"] or "–", *(size_text(row[part]) if row[part] else "–" for part in names))
    Console(highlight=False).print(table)


def print_comparison(rows: Sequence[tuple[dict[str, str], Forecast]]) -> None:
    """A row for each combination, and how much it takes of what the first takes."""
    parts = [part for part in PARTS if any(found.parts[part] for _, found in rows)]
    batches = len({found.batch_size for _, found in rows}) > 1
    table = Table(*rows[0][0], *(["batch"] * batches), "total", "of the first", *parts, box=None)
    for chosen, found in rows:
        numbers = [size_text(found.total_bytes), f"{found.total_bytes / rows[0][1].total_bytes:.0%}"]
        sizes = [size_text(found.parts[part]) for part in parts]
        table.add_row(*chosen.values(), *([str(found.batch_size)] * batches), *numbers, *sizes)
    Console(highlight=False).print(table)
