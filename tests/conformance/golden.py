"""What references said, kept in tests/golden: arrays named `part.case.what`."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

_FOLDER = Path(__file__).resolve().parent.parent / "golden"


@dataclasses.dataclass(frozen=True)
class Case:
    """One set of arguments, and what is expected with it.

    Args:
        arguments: What the part is called with.
        arrays: Inputs and results by name.
    """

    arguments: dict[str, Any]
    arrays: dict[str, np.ndarray]


@functools.cache
def arrays(file: str) -> dict[str, np.ndarray]:
    """Everything in tests/golden/FILE.npz."""
    with np.load(_FOLDER / f"{file}.npz", allow_pickle=False) as stored:
        return dict(stored)


@dataclasses.dataclass(frozen=True)
class Golden:
    """A reference whose results were kept; `make_FILE.py` there says how they came about.

    Args:
        file: Name of the file in tests/golden, without .npz.
    """

    file: str

    def against(self, part: str) -> str:
        return str(arrays(self.file)[f"{part}.against"])

    def cases(self, part: str) -> list[Case]:
        found: dict[int, dict[str, np.ndarray]] = {}
        for key, value in arrays(self.file).items():
            name, _, rest = key.partition(".")
            number, _, what = rest.partition(".")
            if name == part and number.isdigit():
                found.setdefault(int(number), {})[what] = value
        return [Case(json.loads(str(each.pop("arguments"))), each) for _, each in sorted(found.items())]
