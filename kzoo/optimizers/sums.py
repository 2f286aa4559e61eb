"""Sums over whole tensors, which a compiler may work out side by side."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

_ROWS, _COLUMNS = 1024, 8
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
    if size < _ENOUGH or size % (_ROWS * _COLUMNS):
        return ops.sum(ops.square(tensor))
    return ops.sum(ops.sum(ops.square(ops.reshape(tensor, (-1, _ROWS, _COLUMNS))), axis=1))
