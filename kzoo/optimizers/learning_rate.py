"""Learning rates that are exact for float64 weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np


def widen_learning_rate(optimizer: keras.optimizers.Optimizer, variables: Iterable[Any]) -> None:
    """Keeps the learning rate of an optimizer in float64 where the weights are float64.

    Keras holds it in a variable of `floatx`, where 0.001 is off by 5e-8 of its value. Call it before the optimizer
    creates its own variables. A schedule is left alone.

    Args:
        optimizer: The optimizer.
        variables: The weights that it is built for.
    """
    held = optimizer._learning_rate
    wide = any(keras.backend.standardize_dtype(each.dtype) == "float64" for each in variables)
    if not wide or not isinstance(held, keras.Variable) or held.dtype == "float64":
        return
    value = np.float32(keras.ops.convert_to_numpy(held))
    exact = float(str(value))  # the shortest decimal that rounds to it: what was written
    optimizer._untrack_variable(held)
    optimizer._learning_rate = keras.Variable(exact, dtype="float64", trainable=False, name="learning_rate")
    optimizer._track_variable(optimizer._learning_rate)
