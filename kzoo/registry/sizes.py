"""What was counted of each model of pictures: `registry/sizes.json`, written by a command, read here."""

from __future__ import annotations

import functools
import json
from typing import Any

from kzoo import shipped
from kzoo.registry.card import Card


@functools.cache
def all_sizes() -> dict[str, dict[str, Any]]:
    """Of every model of pictures, by name: `parameters`, `multiply_adds`, and `stages`.

    Each stage is channels and by how much pictures are smaller there; all are for the model's own input shape.
    """
    path = shipped.folder("registry") / "sizes.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def size_of(card: Card) -> dict[str, Any] | None:
    """What was counted of a model; None of other parts."""
    return all_sizes().get(card.name) if (card.kind, card.package) == ("model", "kzoo") else None


def told(count: float) -> str:
    """A large number as people say it.

    >>> told(25_557_032), told(4.089e9), told(469_688)
    ('25.6 M', '4.09 G', '470 k')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count:.0f}"
