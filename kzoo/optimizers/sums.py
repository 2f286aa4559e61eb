"""Sums over large tensors, in parts that are worked out side by side."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

_ROWS, _EIGHT = 1024, 8
_ENOUGH = 1 << 16  # numbers from which on it is faster


def sum_of_squares(tensor: Any) -> Any:
    """The sum of the squares of all elements of a tensor, of any rank.

    XLA on a CPU adds number to number, one after the other, on one core. So large tensors are cut into blocks, which
    the cores share, of eight columns, which are one vector of a processor. They are cut before they are squared: what
    leads to the tensor is then computed once, and not again within the sum.

    Args:
        tensor: A tensor of floats.
    """
    size = math.prod(tensor.shape)
    if size < _ENOUGH or size % (_ROWS * _EIGHT):
        return ops.sum(ops.square(tensor))
    return ops.sum(ops.sum(ops.square(ops.reshape(tensor, (-1, _ROWS, _EIGHT))), axis=1))


def channel_sums(one: Any, other: Any) -> Any:
    """The sums of the products of two tensors over all axes but the last, which are kept as axes of length 1.

    Eight rows at a time, where that comes out even: TensorFlow is faster at that.

    Args:
        one: A tensor of floats.
        other: Another one of the same shape.
    """
    *before, channels = one.shape
    if math.prod(before) % _EIGHT:
        return ops.sum(one * other, axis=tuple(range(len(before))), keepdims=True)
    one, other = (ops.reshape(each, (-1, _EIGHT, channels)) for each in (one, other))
    sums = ops.sum(ops.sum(one * other, axis=1), axis=0)
    return ops.reshape(sums, (*(1 for _ in before), channels))
