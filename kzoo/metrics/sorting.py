"""Ranks and ties: what statistics of order are made of. All of it along the last axis."""

from __future__ import annotations

import math
from typing import Any

from keras import ops


def ordered(values: Any) -> tuple[Any, Any]:
    """The order that sorts values, equal ones staying as they come, and the values sorted.

    Args:
        values: Shape `(columns, rows)`.
    """
    # One kind of zero: compiled code puts -0 before 0.
    values = ops.where(values == 0, ops.zeros_like(values), values)
    order = ops.argsort(values, axis=-1)
    return order, ops.take_along_axis(values, order, axis=-1)


def tie_groups(*sorted_values: Any) -> Any:
    """Numbers from 0 on: the same for neighbours that are equal in all of the arrays given.

    Args:
        *sorted_values: Shape `(columns, rows)` each.
    """
    changes = [ops.cast(each[:, 1:] != each[:, :-1], "int32") for each in sorted_values]
    change = changes[0] if len(changes) == 1 else ops.maximum(*changes)
    return ops.pad(ops.cumsum(change, axis=-1), ((0, 0), (1, 0)))


def sum_by_group(values: Any, groups: Any) -> Any:
    """The sum of each group at its number, shape `(columns, rows)`; 0 beyond the last group."""
    columns, rows = groups.shape
    flat = groups + ops.arange(columns, dtype="int32")[:, None] * rows
    sums = ops.segment_sum(ops.reshape(values, (-1,)), ops.reshape(flat, (-1,)), num_segments=columns * rows)
    return ops.reshape(sums, (columns, rows))


def mean_ranks(values: Any, weights: Any) -> Any:
    """Ranks, up to a constant; ties share the mean of theirs.

    Args:
        values: Shape `(columns, rows)`.
        weights: Likewise: how many times each row is there.
    """
    order, sorted_values = ordered(values)
    groups = tie_groups(sorted_values)
    sizes = sum_by_group(ops.take_along_axis(weights, order, axis=-1), groups)
    ranks = running_total(sizes) - sizes / 2
    back = ops.argsort(order, axis=-1)
    return ops.take_along_axis(ops.take_along_axis(ranks, groups, axis=-1), back, axis=-1)


def running_total(values: Any) -> Any:
    """The cumulative sum, in pieces: a thousand additions one after another lose a digit in float32."""
    columns, rows = values.shape
    width = math.isqrt(max(rows - 1, 0)) + 1
    pieces = ops.reshape(ops.pad(values, ((0, 0), (0, width**2 - rows))), (columns, width, width))
    within = ops.cumsum(pieces, axis=-1)
    before = ops.cumsum(within[..., -1], axis=-1) - within[..., -1]
    return ops.reshape(within + before[..., None], (columns, width**2))[:, :rows]


def inversions(values: Any, weights: Any) -> Any:
    """The weight of all pairs that stand in the wrong order: Σ wᵢ wⱼ over i < j with vᵢ > vⱼ, shape `(columns,)`.

    The rows are halved by their rank, then each half by its own and so on: as many steps as the number of rows has
    digits in binary. In each, only pairs from different halves are counted.

    Args:
        values: Shape `(columns, rows)`.
        weights: Likewise.
    """
    columns, rows = values.shape
    digits = max(1, (rows - 1).bit_length())
    size = 2**digits
    order, _ = ordered(values)
    # What fills it up weighs nothing, and ranks last.
    filling = ops.tile(ops.arange(rows, size, dtype="int32")[None], (columns, 1))
    ranks = ops.concatenate([ops.cast(ops.argsort(order, axis=-1), "int32"), filling], axis=1)
    weights = ops.pad(weights, ((0, 0), (0, size - rows)))
    state = ops.convert_to_tensor(size, dtype="int32"), ranks, weights, ops.zeros_like(weights[:, 0])
    return ops.fori_loop(0, digits, _halve, state)[-1]


def _halve(_, state):
    """One step of `inversions`: blocks of ranks become blocks of half the size."""
    block, ranks, weights, total = state
    columns, size = ranks.shape
    half = block // 2
    index = ops.broadcast_to(ops.arange(size, dtype="int32")[None], (columns, size))
    start = index // block * block
    upper = ranks // half % 2
    share = ops.cast(upper, weights.dtype) * weights
    total = total + ops.sum((weights - share) * _before(share, running_total(share), start), axis=1)
    # Each half in the order its rows came.
    above = _before(upper, ops.cumsum(upper, axis=-1), start)
    places = ops.where(upper > 0, start + half + above, index - above)
    places = ops.reshape(places + ops.arange(columns, dtype="int32")[:, None] * size, (-1, 1))
    return half, _moved(ranks, places), _moved(weights, places), total


def _before(values, totals, start):
    """The sum of what comes before in the same block, from values, their cumulative sum and where blocks start."""
    before = totals - values
    return before - ops.take_along_axis(before, start, axis=-1)


def _moved(values, places):
    """All values at other places, which are a permutation."""
    flat = ops.reshape(values, (-1,))
    return ops.reshape(ops.scatter_update(ops.zeros_like(flat), places, flat), values.shape)
