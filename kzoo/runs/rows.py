"""The rows of `history.csv`, read without Keras."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """The rows of a history; a last one that a kill cut short is left out."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    text = text[: text.rfind("\n") + 1]
    return [{"epoch": int(row.pop("epoch")), **row} for row in csv.DictReader(io.StringIO(text))]
