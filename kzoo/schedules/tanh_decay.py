"""A decay along a hyperbolic tangent."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.schedules.decay import Decay


@keras.saving.register_keras_serializable("kzoo")
class TanhDecay(Decay):
    """Falls along a hyperbolic tangent: flat at first, then steep, then flat again.

    end + (start - end) · (1 - tanh(lower · (1 - z) + upper · z)) / 2 with z = t/T.

    Args:
        start: The learning rate of step 0, nearly: within (1 + tanh(lower)) / 2 of it.
        total_steps: T. Recipes fill in the steps of the whole training.
        lower: Where on the tangent it begins.
        upper: Where it stops; at 3 .25% of the way are left, which the last step jumps.
        end: The learning rate from T on.

    Call it with the step, an integer or an integer tensor; it returns a scalar tensor of `keras.config.floatx()`.

    Raises:
        ValueError: If a rate or `total_steps` is out of its range, or `lower` isn't below `upper`.

    Paper: Hsueh et al. 2018, Stochastic Gradient Descent with Hyperbolic-Tangent Decay on Classification,
    arXiv:1806.01593.

    What differs: the same as `timm.scheduler.TanhLRScheduler`, which begins at -7; the paper's choice is -6.

    >>> from kzoo.schedules import TanhDecay
    >>> schedule = TanhDecay(0.1, total_steps=90)
    >>> [round(float(schedule(step)), 4) for step in (0, 30, 60, 90)]
    [0.1, 0.0998, 0.05, 0.0]
    """

    def __init__(
        self, start: float, total_steps: int, lower: float = -6.0, upper: float = 3.0, end: float = 0.0
    ):
        super().__init__(start, total_steps, end)
        if not lower < upper:
            raise ValueError(f"`lower` must be below `upper`. Received: lower={lower}, upper={upper}")
        self.lower = float(lower)
        self.upper = float(upper)

    def left(self, done):
        return 0.5 - 0.5 * ops.tanh(self.lower + (self.upper - self.lower) * done)

    def get_config(self):
        return {**super().get_config(), "lower": self.lower, "upper": self.upper}
