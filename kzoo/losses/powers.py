"""Powers of probabilities, with a slope also where the probability is 0."""

from __future__ import annotations

from typing import Any

from keras import ops

_SMALLEST = 1e-30  # below 1 a power has no finite slope at 0, and TensorFlow's power of 0 has none at all


def to_the(power: float, base: Any) -> Any:
    """A number from 0 to 1 to a power of 0 or more; 0 to the 0 is 1.

    Args:
        power: The exponent.
        base: A tensor.
    """
    if power == 0:
        return ops.ones_like(base)
    while power % 2 == 0:  # a general power takes ten times as long
        base, power = ops.square(base), power / 2
    return base if power == 1 else ops.power(ops.maximum(base, _SMALLEST), power)


def sigmoid_to_the(power: float, logits: Any) -> Any:
    """The sigmoid to a power, by its logarithm: right also where the sigmoid itself is 0."""
    if power == 0:
        return ops.ones_like(logits)
    return ops.exp(power * ops.log_sigmoid(logits))
