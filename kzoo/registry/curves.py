"""What activations and schedules look like: `registry/curves.json`, computed by `make curves`, read here."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

from kzoo import shipped
from kzoo.registry.card import Card

_FROM, _TO = -6.0, 6.0  # where activations are drawn; tests/curves.py has the same ends


@dataclasses.dataclass(frozen=True)
class Curve:
    """The look of one part.

    Args:
        x: Inputs of an activation; for a schedule how much of the training is done, in percent.
        y: Outputs, or learning rates.
        slope: The derivative of an activation.
        call: The arguments of a schedule's example.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    slope: tuple[float, ...] = ()
    call: str = ""


@functools.cache
def all_curves() -> dict[str, dict[str, Any]]:
    """Every curve by `kind/package/name`, as the file has it."""
    path = shipped.folder("registry") / "curves.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def curve_of(card: Card) -> Curve | None:
    """How a part looks; None where nothing is known: only activations of single numbers and schedules have a curve."""
    kept = all_curves().get(f"{card.kind}/{card.full_name}")
    if kept is None:
        return None
    if card.kind == "schedule":
        return Curve(_evenly(0, 100, len(kept["rate"])), tuple(kept["rate"]), call=kept["call"])
    return Curve(_evenly(_FROM, _TO, len(kept["f"])), tuple(kept["f"]), slope=tuple(kept["slope"]))


def _evenly(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple(round(first + (last - first) * index / (count - 1), 6) for index in range(count))
