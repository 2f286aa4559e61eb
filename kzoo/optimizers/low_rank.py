"""Optimizers that keep Adam's moments of projected gradients."""

from __future__ import annotations

import math
import re
from typing import Any

from keras import ops

from kzoo.arguments import count, not_negative
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, one_minus_power


class LowRank(ExactOptimizer):
    """What GaLore and APOLLO share: which weights are projected, how they lie, and Adam for all others.

    A kernel is a matrix of (everything else) × (output channels), laid so that its shorter side is projected onto
    `rank` numbers. A class names the slots of such a weight in `PROJECTED`, the moments first, and writes
    `projected_step`.
    """

    PROJECTED: tuple[str, ...] = ()
    IN_ONE_PASS = False

    def __init__(
        self,
        learning_rate: Any,
        *,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        rank: int,
        update_gap: int,
        scale: float,
        exclude: list[str] | None,
        name: str | None,
        **kwargs: Any,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative(epsilon=epsilon)
        self.rank = count(rank=rank)
        self.update_gap = count(update_gap=update_gap)
        self.scale = not_negative(scale=scale)
        self.exclude = list(exclude or [])

    def slots_for(self, variable):
        path = getattr(variable, "path", variable.name)
        excluded = "embedding" in path.lower() or any(re.search(each, path) for each in self.exclude)
        small = len(variable.shape) < 2 or sides(variable.shape)[1] <= self.rank
        return ("momentum", "velocity") if excluded or small else self.PROJECTED

    def add_slot(self, variable, name):
        if self.slots_for(variable) != self.PROJECTED:
            return super().add_slot(variable, name)
        path = getattr(variable, "path", variable.name).replace("/", "_")
        return self.add_projected_slot(variable, name, f"{path}_{name}")

    def add_projected_slot(self, variable, name: str, full_name: str):
        """Creates one slot of a weight that is projected: a moment unless a class says otherwise."""
        shape = (sides(variable.shape)[0], self.rank)
        return self.add_variable(shape=shape, dtype=variable.dtype, name=full_name)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        if len(slots) == 2:
            along, slots = self.adam(gradient, slots)
        else:
            long, short = sides(weight.shape)
            lies = _lies(weight.shape)
            matrix = ops.reshape(gradient, (long, short) if lies else (short, long))
            along, slots = self.projected_step(matrix if lies else ops.transpose(matrix), slots, time=time)
            along = ops.reshape(along if lies else ops.transpose(along), weight.shape)
        length = rate * ops.sqrt(one_minus_power(self.beta_2, time)) / one_minus_power(self.beta_1, time)
        return decayed(weight - length * along, rate, decay), slots

    def adam(self, gradient, moments):
        """Adam's step, of which the bias is not corrected yet, and its moments."""
        moment = moved(moments[0], gradient, self.beta_1)
        square = moved(moments[1], ops.square(gradient), self.beta_2)
        return moment / (ops.sqrt(square) + self.epsilon), [moment, square]

    def projected_step(self, gradient, slots: list[Any], *, time) -> tuple[Any, list[Any]]:
        """The step of a weight that is projected, before its bias is corrected, and its slots.

        Args:
            gradient: A matrix, long side × short side.
            slots: Its slots, in the order of `PROJECTED`.
            time: t, a scalar tensor, from 1.
        """
        raise NotImplementedError

    def get_config(self):
        own = ("beta_1", "beta_2", "epsilon", "rank", "update_gap", "scale", "exclude")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}


def sides(shape: tuple[int, ...]) -> tuple[int, int]:
    """The longer and the shorter side of a kernel as a matrix."""
    inputs, outputs = math.prod(shape[:-1]), shape[-1]
    return max(inputs, outputs), min(inputs, outputs)


def _lies(shape: tuple[int, ...]) -> bool:
    """Whether the short side is that of the outputs; of two equal ones it is that of the inputs."""
    return shape[-1] < math.prod(shape[:-1])
