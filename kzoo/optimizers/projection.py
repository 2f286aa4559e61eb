"""Steps without the part that only changes how long a weight is."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, decayed, larger
from kzoo.optimizers.nonzero import nonzero
from kzoo.optimizers.sums import channel_sums


class ProjectedOptimizer(ExactOptimizer):
    """What AdamP and SGDP share; a class writes `along` and `rates`, and has `delta`, `decay_ratio` and `epsilon`."""

    def step(self, weight, gradient, slots, *, rate, decay, time):
        along, slots = self.along(weight, gradient, slots, time=time)
        rate, decay_rate = self.rates(rate, time)
        if len(weight.shape) > 1:
            part, share = part_along(weight, gradient, along, self.delta, self.decay_ratio, self.epsilon)
            along, decay_rate = along - part * weight, decay_rate * share
        return decayed(weight, decay_rate, decay) - rate * along, slots

    def along(self, weight, gradient, slots: list[Any], *, time):
        """What a weight would be moved along if its length mattered, and the slots after the step.

        Args:
            weight: A weight.
            gradient: Its gradient.
            slots: Its slots.
            time: t, a scalar tensor, from 1.
        """
        raise NotImplementedError

    def rates(self, rate, time) -> tuple[Any, Any]:
        """How far a weight is moved along that, and the learning rate of its decay."""
        raise NotImplementedError


def part_along(
    weight: Any, gradient: Any, update: Any, delta: float, decay_ratio: float, epsilon: float
) -> tuple[Any, Any]:
    """How many times an update has the weight in it, where the loss doesn't depend on the length of the weight.

    Such a weight shows by its gradient, which is nearly orthogonal to it: in every output channel, or as a whole.

    Args:
        weight: A weight whose last axis is the output channels.
        gradient: Its gradient.
        update: What it is going to be moved along.
        delta: How large a cosine, times √n, still counts as orthogonal.
        decay_ratio: The share of weight decay that such a weight takes.
        epsilon: Added to the lengths that are divided by.

    Returns:
        How many times, of each channel or of the whole, and the share of the weight decay, a scalar.
    """
    pairs = ((weight, weight), (gradient, gradient), (weight, gradient), (weight, update))
    channels = [channel_sums(*pair) for pair in pairs]
    whole = [ops.sum(each) for each in channels]
    size = math.prod(weight.shape)
    every_channel, of_channels = _measured(channels, size // weight.shape[-1], delta, epsilon)
    as_a_whole, of_whole = _measured(whole, size, delta, epsilon)
    along = ops.where(every_channel, of_channels, ops.where(as_a_whole, of_whole, ops.zeros_like(of_whole)))
    orthogonal = ops.logical_or(every_channel, as_a_whole)
    one = ops.ones_like(of_whole)
    return along, ops.where(orthogonal, decay_ratio * one, one)


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
