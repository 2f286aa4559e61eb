"""How far a whole weight may move: in proportion to its norm."""

from __future__ import annotations

from typing import Any

from keras import ops

from kzoo.optimizers.sums import sum_of_squares


def norm(tensor: Any) -> Any:
    """The Euclidean norm of all elements of a tensor, of any rank."""
    return ops.sqrt(sum_of_squares(tensor))


def ratio_or_one(weight_norm: Any, denominator: Any, gradient_norm: Any) -> Any:
    """weight_norm / denominator, and 1 where a norm is 0.

    Args:
        weight_norm: Norm of a weight.
        denominator: What it is divided by.
        gradient_norm: Norm of its gradient or of its update.
    """
    usable = ops.logical_and(weight_norm > 0, gradient_norm > 0)
    safe = ops.where(usable, denominator, ops.ones_like(denominator))
    return ops.where(usable, weight_norm / safe, ops.ones_like(weight_norm))
