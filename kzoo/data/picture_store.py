"""Decoded pictures, one after another: in memory, or in a file that is mapped into memory."""

from __future__ import annotations

import dataclasses
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kzoo.problems import KzooError, Problem

_VALUES, _FACTS = "pictures.bin", "facts.json"
Fill = Callable[[np.ndarray], dict[str, Any]]


@dataclasses.dataclass(eq=False)
class Store:
    """Pictures of any sizes.

    Args:
        values: All values, uint8, flat.
        sizes: Height and width of each picture, shape (pictures, 2).
        channels: Channels that all of them have.
        facts: What was found out when it was filled, for JSON.
        folder: Where it lies; None in memory.
    """

    values: np.ndarray
    sizes: np.ndarray
    channels: int
    facts: dict[str, Any]
    folder: Path | None = None

    def __post_init__(self) -> None:
        lengths = self.sizes.astype(np.int64).prod(axis=1) * self.channels
        self.offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    def picture(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """A function that gives a picture by its number. Runs inside tf.data."""
        values, offsets, sizes = self._tensor(), tf.constant(self.offsets), tf.constant(self.sizes, tf.int64)

        def take(row: tf.Tensor) -> tf.Tensor:
            height, width = sizes[row, 0], sizes[row, 1]
            flat = tf.slice(values, [offsets[row]], [height * width * self.channels])
            return tf.ensure_shape(
                tf.reshape(flat, (height, width, self.channels)), (None, None, self.channels)
            )

        return take

    def batch(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """A function that gives several pictures, all of one size, by their numbers. Runs inside tf.data."""
        height, width = map(int, self.sizes[0])
        values = tf.reshape(self._tensor(), (-1, height, width, self.channels))  # copies nothing
        return lambda rows: tf.gather(values, rows)

    def _tensor(self) -> tf.Tensor:
        with tf.device("CPU:0"):
            return tf.experimental.dlpack.from_dlpack(self.values.__dlpack__())  # copies nothing


def in_memory(sizes: np.ndarray, channels: int, fill: Fill) -> Store:
    """A new store in memory.

    Args:
        sizes: Height and width of each picture.
        channels: Channels of all.
        fill: Writes all values into the flat array it is given, and returns facts worth keeping.
    """
    size = _bytes(sizes, channels)
    values = np.frombuffer(mmap.mmap(-1, max(size, 1)), np.uint8)[
        :size
    ]  # begins at a page, as TensorFlow wants
    return Store(values, sizes, channels, fill(values))


def on_disk(caches: Path, key: str, sizes: np.ndarray, channels: int, fill: Fill) -> Store:
    """A store in a folder: the one that is there, or a new one, written beside and renamed when it is whole.

    Args:
        caches: The folder for such folders.
        key: What the pictures are, in short: another key is another store.
        sizes, channels, fill: As for `in_memory`.

    Raises:
        KzooError: If there is no room for it, or the folder can't be written to.
    """
    folder, size = caches / key, _bytes(sizes, channels)
    if not _whole(folder, size):
        try:
            _write(folder, size, fill)
        except OSError as error:
            hint = "Set data.cache to none, or XDG_CACHE_HOME to a folder on another disk."
            what = f"can't keep {size / 2**30:.1f} GiB of decoded pictures in {caches}: {error.strerror}"
            raise KzooError(Problem(what, hint=hint)) from error
    # Private to this process, and never written to: TensorFlow takes no memory that says it is read-only.
    values = np.memmap(folder / _VALUES, np.uint8, "c", shape=(size,))
    return Store(values, sizes, channels, json.loads((folder / _FACTS).read_text()), folder)


def cache_folder() -> Path:
    """Where decoded pictures are kept: `kzoo/pictures` in the user's folder for caches."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kzoo" / "pictures"


def _bytes(sizes: np.ndarray, channels: int) -> int:
    return int(sizes.astype(np.int64).prod(axis=1).sum()) * channels


def _whole(folder: Path, size: int) -> bool:
    values = folder / _VALUES
    return (folder / _FACTS).is_file() and values.is_file() and values.stat().st_size == size


def _write(folder: Path, size: int, fill: Fill) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        with (beside / _VALUES).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk says so now, not by a bus error
        values = np.memmap(beside / _VALUES, np.uint8, "r+", shape=(size,))
        facts = fill(values)
        values.flush()
        del values
        (beside / _FACTS).write_text(json.dumps(facts))
        shutil.rmtree(folder, ignore_errors=True)  # one that isn't whole
        os.rename(beside, folder)  # noqa: PTH104 - fails where another process was faster: then its folder is as good
    except OSError:
        if not _whole(folder, size):
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
