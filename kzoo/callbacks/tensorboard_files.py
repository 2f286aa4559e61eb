"""Files for TensorBoard: pictures and histograms, written alike whatever the backend."""

from __future__ import annotations

import itertools
import os
import platform
import time
from typing import Any

import numpy as np

_BUCKETS = 30  # TensorBoard's own number
_SAMPLE = 1 << 14  # numbers of which a histogram is made; of more, these many at equal distances


class TensorBoardFiles:
    """Writes into a folder, from the first time that there is something to write.

    Args:
        folder: Where to.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self._writer: Any = None
        self._waiting: dict[int, Any] = {}  # by step: a summary, to be written at once

    def images(self, tag: str, pictures: np.ndarray, step: int) -> None:
        """Notes pictures down; they are in the file from `flush` on.

        Args:
            tag: What they are called.
            pictures: `(count, height, width, 1 or 3)`, uint8.
            step: The epoch.
        """
        import tensorflow as tf
        from tensorboard.plugins.image import metadata

        height, width = pictures.shape[1:3]
        with tf.device("cpu:0"):
            encoded = tf.io.encode_png(pictures, compression=1).numpy()
        sizes = [str(width).encode(), str(height).encode()]
        about = metadata.create_summary_metadata(display_name=None, description=None)
        self._note(tag, np.array([*sizes, *encoded], object), about, step)

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """Notes a histogram down, without numbers that aren't finite; it is in the file from `flush` on.

        Args:
            tag: What it is called.
            values: Of any shape.
            step: The epoch.
        """
        from tensorboard.plugins.histogram import metadata

        values = np.asarray(values).reshape(-1)
        # An odd distance, so that it meets every column of a matrix whose width is even.
        values = values[:: -(-len(values) // _SAMPLE) | 1].astype("float64")
        about = metadata.create_summary_metadata(display_name=None, description=None)
        self._note(tag, _buckets(values[np.isfinite(values)]), about, step)

    def flush(self) -> None:
        """Has all that was noted be in the file: one record a step, for each costs as much as a histogram."""
        if self._waiting:
            for step, summary in self._waiting.items():
                self._write(step=step, summary=summary)
            self._waiting.clear()
            self._writer.flush()

    def close(self) -> None:
        """Closes the file; writing again opens another."""
        self.flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _note(self, tag: str, values: np.ndarray, about: Any, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.util.tensor_util import make_tensor_proto

        summary = self._waiting.setdefault(step, Summary())
        summary.value.add(tag=tag, tensor=make_tensor_proto(values), metadata=about)

    def _write(self, **what: Any) -> None:
        import tensorflow as tf
        from tensorboard.compat.proto.event_pb2 import Event

        if self._writer is None:
            self._writer = tf.io.TFRecordWriter(self._new_file())
            self._write(file_version="brain.Event:2")
        self._writer.write(Event(wall_time=time.time(), **what).SerializeToString())

    def _new_file(self) -> str:
        """A file named as TensorBoard looks for it, like none in the folder."""
        from tensorflow.io import gfile

        gfile.makedirs(self.folder)
        start = f"{self.folder}/events.out.tfevents.{int(time.time())}.{platform.node()}.{os.getpid()}"
        names = (f"{start}.{number}.v2" for number in itertools.count())
        return next(name for name in names if not gfile.exists(name))


def _buckets(values: np.ndarray) -> np.ndarray:
    """Left end, right end and count of each bucket, as TensorBoard wants them."""
    buckets = np.zeros((_BUCKETS, 3))
    if len(values) and values.min() == values.max():
        buckets[:, :2] = values[0]
        buckets[-1, 2] = len(values)
    elif len(values):
        counts, edges = np.histogram(values, bins=_BUCKETS)
        buckets[:] = np.stack([edges[:-1], edges[1:], counts], axis=1)
    return buckets
