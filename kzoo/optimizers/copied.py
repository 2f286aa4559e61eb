"""Slots that start as the weights are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def copy_of(variable: Any) -> Callable[..., Any]:
    """An initializer that gives the value which a variable has now, in the dtype asked for."""
    if keras.backend.backend() != "tensorflow":
        value = ops.copy(ops.stop_gradient(ops.convert_to_tensor(variable)))
        return lambda shape, dtype=None: ops.cast(value, dtype or value.dtype)
    import tensorflow as tf

    # In a tf.function, where an optimizer may be built too, a variable has no value yet.
    with tf.init_scope():
        numbers = ops.convert_to_numpy(variable)
    return lambda shape, dtype=None: ops.cast(ops.convert_to_tensor(numbers), dtype or numbers.dtype)
