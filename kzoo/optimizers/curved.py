"""Optimizers that are shown the diagonal of the Hessian besides the gradient."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.arguments import count
from kzoo.optimizers.curvature import with_curvature
from kzoo.optimizers.exact import ExactOptimizer

_OBSERVE = "observe"


class Curved(ExactOptimizer):
    """What Sophia and AdaHessian share: `fit` measures the curvature every `period` batches, before the step.

    A class writes `observed`, and `step` as always.
    """

    def __init__(self, period: int, samples: int, seed: int, *arguments: Any, **keywords: Any):
        super().__init__(*arguments, **keywords)
        self.period, self.samples = count(period=period), count(samples=samples)
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ValueError(f"`seed` must be an integer. Received: seed={seed!r}")
        self.seed = seed

    def wrap_train_step(self, model, step):
        """The train step of a model compiled with this optimizer."""
        if type(model).train_step is not keras.Model.train_step:
            raise ValueError(
                f"{type(self).__name__} brings a train step of its own, and so does {type(model).__name__}: "
                "call `observe` there before `apply`"
            )
        return with_curvature(model, step, self)

    def observe(self, curvatures, variables) -> None:
        """Takes up an estimate of the diagonal of the Hessian, for the steps that follow.

        Args:
            curvatures: One tensor for each weight, of its shape. What isn't finite in them counts as not measured.
            variables: The weights.
        """
        variables = list(variables)
        if not self.built:
            self.build(variables)
        # In place of gradients: Keras's way to add up over all devices, and to reach every copy of a variable.
        keras.optimizers.Optimizer._backend_update_step(self, list(curvatures), variables, _OBSERVE)

    def update_step(self, gradient, variable, learning_rate):
        if not isinstance(learning_rate, str):
            super().update_step(gradient, variable, learning_rate)
            return
        slots = self._slots[self._get_variable_index(variable)]
        if slots:
            before = [ops.convert_to_tensor(each) for each in slots]
            for slot, value in zip(slots, self.observed(ops.cast(gradient, before[0].dtype), before)):
                self.assign(slot, value)

    def observed(self, curvature, slots: list[Any]) -> list[Any]:
        """The slots of a weight after its curvature was measured.

        Args:
            curvature: The estimate; what isn't finite in it wasn't measured.
            slots: Its slots, in the order of `slots_for`.
        """
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), "period": self.period, "samples": self.samples, "seed": self.seed}
