"""Sums over large tensors, written as additions, which the cores of a processor share."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

_SLICES = 8
_COLUMNS = 128  # of a tensor that is summed as a whole; any number from 64 on is as fast


def channel_sums(one: Any, other: Any) -> Any:
    """The sums of the products of two tensors over all axes but the last, which are kept as axes of length 1.

    XLA on a CPU takes a sum number by number on one core, and works out anew what it sums as often as it is asked for.
    An addition of eight slices it does as any other operation of elements, a vector at a time, on all cores, and an
    eighth is left to sum: half the time for the sums of a step, a third of it where they follow other operations.

    Args:
        one: A tensor of floats.
        other: Another one of the same shape.
    """
    *before, channels = one.shape
    if math.prod(before) % _SLICES:
        return ops.sum(one * other, axis=tuple(range(len(before))), keepdims=True)
    one, other = (ops.reshape(each, (_SLICES, -1, channels)) for each in (one, other))
    eighth = sum(one[number] * other[number] for number in range(_SLICES))
    return ops.reshape(ops.sum(eighth, axis=0), (*(1 for _ in before), channels))


def sum_of_squares(tensor: Any) -> Any:
    """The sum of the squares of all elements of a tensor, of any rank.

    Args:
        tensor: A tensor of floats.
    """
    if math.prod(tensor.shape) % (_SLICES * _COLUMNS):
        return ops.sum(ops.square(tensor))
    columns = ops.reshape(tensor, (-1, _COLUMNS))
    return ops.sum(channel_sums(columns, columns))
