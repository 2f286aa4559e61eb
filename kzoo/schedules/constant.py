"""A learning rate that stays."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class Constant(keras.optimizers.schedules.LearningRateSchedule):
    """The same learning rate at every step: a float, in the place of a schedule.

    Args:
        rate: The learning rate.

    Call it with the step, an integer or an integer tensor; it returns a scalar tensor of `keras.config.floatx()`.

    Raises:
        ValueError: If the rate is negative.

    What differs: the same as `optax.constant_schedule`. `torch.optim.lr_scheduler.ConstantLR` is something else: it
    holds a fraction of the rate for its first steps.

    >>> from kzoo.schedules import Constant
    >>> round(float(Constant(0.1)(1000)), 4)
    0.1
    """

    def __init__(self, rate: float):
        super().__init__()
        if not rate >= 0:
            raise ValueError(f"`rate` must not be negative. Received: rate={rate}")
        self.rate = float(rate)

    def __call__(self, step):
        return ops.full((), self.rate, dtype=keras.config.floatx())

    def get_config(self):
        return {"rate": self.rate}
