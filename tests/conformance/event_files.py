"""Reads back what was written for TensorBoard."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util.tensor_util import make_ndarray


def events(folder: Path) -> dict[str, dict[int, Any]]:
    """By tag and step: the tensors in all event files of a folder."""
    found: dict[str, dict[int, Any]] = {}
    for path in sorted(folder.glob("events.*")):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = make_ndarray(value.tensor)
    return found


def pictures_in(tensor: Any) -> np.ndarray:
    """The pictures of an image summary, as numbers from 0 to 255."""
    _, _, *encoded = tensor.tolist()
    return np.stack([matplotlib.image.imread(io.BytesIO(each), format="png") * 255 for each in encoded])
