"""`history.csv`: one row an epoch, on disk as soon as the epoch ends."""

from __future__ import annotations

import csv
import io
import os
import time
from pathlib import Path
from typing import Any

import keras

from kzoo.runs.files import Unwritten, write_whole
from kzoo.runs.rows import Row, read_rows

__all__ = ["History", "Row", "current_learning_rate", "read_rows"]


class History(keras.callbacks.Callback):
    """Writes the history of a training.

    Args:
        path: The CSV file.
        rows: What an earlier part of the same training has written. The file is cut back to them.

    Attributes:
        began: When the epoch began, by `time.monotonic`.
    """

    def __init__(self, path: Path, rows: list[Row]):
        super().__init__()
        self.path, self.rows = path, rows
        self.began = time.monotonic()
        if rows:
            write_whole(path, _text(rows))
        else:  # rows of an epoch that was never checkpointed: it is gone through again
            path.unlink(missing_ok=True)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        row: Row = {"epoch": epoch + 1}
        row |= {name: repr(float(value)) for name, value in (logs or {}).items()}
        row["learning_rate"] = repr(current_learning_rate(self.model.optimizer))
        row["seconds"] = f"{time.monotonic() - self.began:.3f}"
        self.rows.append(row)
        text = _text([row], header=len(self.rows) == 1)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unwritten(self.path, len(text), error) from None


def current_learning_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate as it stands now, schedules evaluated."""
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def _text(rows: list[Row], header: bool = True) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
