"""Files for TensorBoard: pictures and histograms, written alike whatever the backend."""

from __future__ import annotations

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

    def images(self, tag: str, pictures: np.ndarray, step: int) -> None:
        """Writes pictures.

        Args:
            tag: What they are called.
            pictures: `(count, height, width, 1 or 3)`, uint8.
            step: The epoch.
        """
        import tensorflow as tf

        with self._open().as_default():
            tf.summary.image(tag, pictures, step=step, max_outputs=len(pictures))

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """Writes a histogram. Numbers that aren't finite are left out.

        Args:
            tag: What it is called.
            values: Of any shape.
            step: The epoch.
        """
        import tensorflow as tf
        from tensorboard.plugins.histogram import metadata

        values = np.asarray(values, "float64").reshape(-1)
        # An odd distance, so that it meets every column of a matrix whose width is even.
        values = values[:: -(-len(values) // _SAMPLE) | 1]
        values = values[np.isfinite(values)]
        about = metadata.create_summary_metadata(display_name=None, description=None)
        with self._open().as_default():
            tf.summary.write(tag, _buckets(values), step=step, metadata=about)

    def flush(self) -> None:
        """Has all that was written be in the file."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Closes the file; writing again opens another."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> Any:
        import tensorflow as tf

        if self._writer is None:
            with tf.device("cpu:0"):
                self._writer = tf.summary.create_file_writer(self.folder)
        return self._writer


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
