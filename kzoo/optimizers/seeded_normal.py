"""Normal numbers from a seed and a count that are the same on every backend, in a compiled step too."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

# The multipliers of Chris Wellons's lowbias32, the second one as a signed integer.
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B - 2**32


def seeded_normal(shape: tuple[int, ...], seed: Any, count: Any, dtype: str) -> Any:
    """A tensor of independent numbers of mean 0 and variance 1.

    They needn't be kept: the same seed and count give them again. TensorFlow, JAX and PyTorch draw other numbers
    from the same seed, so they aren't asked: an integer hash numbers the elements, Box and Muller's formula makes
    them normal.

    Args:
        shape: Its shape.
        seed: An int32 scalar.
        count: An int32 scalar: which of the tensors of this seed.
        dtype: float32 or float64.
    """
    size = math.prod(shape)
    key = _mixed(ops.bitwise_xor(_mixed(seed), count))
    numbers = ops.arange(size, dtype="int32")
    radius = ops.sqrt(-2 * ops.log(_uniform(ops.bitwise_xor(_mixed(numbers), key), dtype)))
    angle = 2 * math.pi * _uniform(ops.bitwise_xor(_mixed(numbers + size), key), dtype)
    return ops.reshape(radius * _cosine(angle), shape)


def _cosine(angle: Any) -> Any:
    if keras.backend.backend() != "jax":
        return ops.cos(angle)
    import jax

    return jax.numpy.cos(angle)  # `ops.cos` rounds float64 to float32 there


def _uniform(bits: Any, dtype: str) -> Any:
    """Numbers between 0 and 1, neither included: the middles of 2²⁴ steps, which float32 holds exactly but for few."""
    return (ops.cast(_shifted(_mixed(bits), 8), dtype) + 0.5) / 2**24


def _mixed(bits: Any) -> Any:
    """An int32 in which every bit depends on every bit of the one given; products wrap around."""
    bits = ops.bitwise_xor(bits, _shifted(bits, 16))
    bits = bits * _FIRST
    bits = ops.bitwise_xor(bits, _shifted(bits, 15))
    bits = bits * _SECOND
    return ops.bitwise_xor(bits, _shifted(bits, 16))


def _shifted(bits: Any, places: int) -> Any:
    """Shifted right, with zeros coming in where the sign would."""
    return ops.bitwise_and(ops.right_shift(bits, places), 2 ** (32 - places) - 1)
