"""Steps without the part that only changes how long a weight is."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from kzoo.optimizers.exact import larger
from kzoo.optimizers.nonzero import nonzero


def projected(
    weight: Any, gradient: Any, update: Any, delta: float, decay_ratio: float, epsilon: float
) -> tuple[Any, Any]:
    """An update without its part along the weight, where the loss doesn't depend on the length of the weight.

    Such a weight shows by its gradient, which is nearly orthogonal to it: in every output channel, or as a whole.

    Args:
        weight: A weight whose last axis is the output channels.
        gradient: Its gradient.
        update: What it is going to be moved along.
        delta: How large a cosine, times √n, still counts as orthogonal.
        decay_ratio: The share of weight decay that such a weight takes.
        epsilon: Added to the lengths that are divided by.

    Returns:
        The update, and the share of the weight decay, a scalar.
    """
    pairs = ((weight, weight), (gradient, gradient), (weight, gradient), (weight, update))
    within = tuple(range(len(weight.shape) - 1))
    channels = [ops.sum(one * other, axis=within, keepdims=True) for one, other in pairs]
    whole = [ops.sum(each) for each in channels]
    size = math.prod(weight.shape)
    every_channel, of_channels = _measured(channels, size // weight.shape[-1], delta, epsilon)
    as_a_whole, of_whole = _measured(whole, size, delta, epsilon)
    along = ops.where(every_channel, of_channels, ops.where(as_a_whole, of_whole, ops.zeros_like(of_whole)))
    orthogonal = ops.logical_or(every_channel, as_a_whole)
    one = ops.ones_like(of_whole)
    return update - along * weight, ops.where(orthogonal, decay_ratio * one, one)


def _measured(sums: list[Any], size: int, delta: float, epsilon: float) -> tuple[Any, Any]:
    """Whether gradients are orthogonal to the weight, and how many times the weight is in the update.

    Args:
        sums: Of the squares of the weight and of the gradient, and of the products of the weight with the gradient and
            with the update.
        size: How many numbers each is the sum of.
        delta: As above.
        epsilon: As above.
    """
    length, slope = ops.sqrt(sums[0]), ops.sqrt(sums[1])
    cosine = ops.abs(sums[2]) / nonzero(larger(length, epsilon) * larger(slope, epsilon))
    return ops.max(cosine) < delta / math.sqrt(size), sums[3] / nonzero(ops.square(length + epsilon))
