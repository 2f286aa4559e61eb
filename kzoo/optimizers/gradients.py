"""Sparse gradients, made dense."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops


def dense_gradients(gradients: Iterable[Any]) -> list[Any]:
    """Gradients in which every row stands once.

    On TensorFlow an embedding's gradient is a list of rows (`tf.IndexedSlices`), and a token that occurs twice in a
    batch is in it twice. Squares, norms and signs of such pieces are not those of their sum.

    Args:
        gradients: Gradients, sparse or not, or None.

    Returns:
        The same gradients, the sparse ones added up to dense tensors.
    """
    if keras.backend.backend() != "tensorflow":
        return list(gradients)
    import tensorflow as tf

    return [_dense(each) if isinstance(each, tf.IndexedSlices) else each for each in gradients]


def _dense(slices: Any) -> Any:
    rows = ops.cast(slices.dense_shape[0], slices.indices.dtype)
    import tensorflow as tf

    return tf.math.unsorted_segment_sum(slices.values, slices.indices, rows)
