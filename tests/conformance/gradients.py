"""Values and gradients on every backend, and double precision where it has to be asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()


def value_and_gradient(
    function: Callable[[Any], Any], inputs: Any, dtype: str = "float32"
) -> tuple[Any, Any]:
    """A function's value, and the gradient of the sum of it.

    Args:
        function: From a tensor to a tensor.
        inputs: What it is called with, an array.
        dtype: The dtype that it is called with.

    Returns:
        Two float64 arrays.
    """
    tensor = ops.convert_to_tensor(inputs, dtype)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensor)
            value = function(tensor)
            total = tf.reduce_sum(value)
        gradient = tape.gradient(total, tensor)
    elif BACKEND == "jax":
        import jax

        def total_and_value(each):
            value = function(each)
            return value.sum(), value

        gradient, value = as_one(jax.grad(total_and_value, has_aux=True))(tensor)
    else:
        tensor = tensor.detach().requires_grad_(True)
        value = function(tensor)
        value.sum().backward()
        gradient = tensor.grad
    return as_float64(value), as_float64(gradient)


def as_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, on JAX compiled: operation by operation it would compile each of them for each shape."""
    if BACKEND != "jax":
        return function
    import jax

    return jax.jit(function)


def as_float64(tensor: Any) -> np.ndarray:
    """A tensor of any backend and dtype as a float64 array."""
    if keras.backend.standardize_dtype(getattr(tensor, "dtype", "float32")) in ("float16", "bfloat16"):
        tensor = ops.cast(tensor, "float32")
    return np.asarray(ops.convert_to_numpy(tensor), dtype="float64")


def double_precision() -> contextlib.AbstractContextManager[Any]:
    """Within it, float64 is float64; JAX makes it float32 unless told otherwise."""
    if BACKEND != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.enable_x64(True)


def distance(measured: Any, expected: Any) -> float:
    """The largest difference: relative where the expected number is above 1, absolute below."""
    measured, expected = np.asarray(measured, "float64"), np.asarray(expected, "float64")
    assert measured.shape == expected.shape, f"shape {measured.shape}, expected {expected.shape}"
    if not expected.size:
        return 0.0
    return float(np.max(np.abs(measured - expected) / np.maximum(np.abs(expected), 1)))
