"""What was measured of each part: `registry/proofs.json`, written by the proof command, read here."""

from __future__ import annotations

import functools
import json
from typing import Any

from kzoo import shipped
from kzoo.registry.card import Card


@functools.cache
def all_proofs() -> dict[str, dict[str, Any]]:
    """Every recorded proof, by `kind/name`."""
    path = shipped.folder("registry") / "proofs.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def proof_of(card: Card) -> dict[str, Any] | None:
    """What was compared with what, how far they differ, and where; None if nothing is recorded."""
    return all_proofs().get(f"{card.kind}/{card.name}") if card.package == "kzoo" else None
