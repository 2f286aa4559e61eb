"""What the search of the site looks through: a script, because pages on a disk may not read files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kzoo.gallery.places import Place
from kzoo.registry import Card, catalogue


def search_index(cards: Iterable[Card], places: Place) -> str:
    """The text of the script: one entry a part, with its names here and elsewhere, tags, summary and page."""
    entries = [_entry(card, places[(card.kind, card.full_name)]) for card in cards]
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in entries)
    return f'"use strict";\nconst PARTS = [\n{lines}\n];\n'


def _entry(card: Card, place: str) -> dict[str, Any]:
    entry = {
        "kind": card.kind,
        "name": catalogue().shown_name(card),
        "package": card.package,
        "page": place,
        "aliases": list(card.aliases),
        "elsewhere": list(card.same_as),
        "tags": list(card.tags),
        "summary": card.summary,
    }
    return {key: value for key, value in entry.items() if value}
