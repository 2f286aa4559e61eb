"""Learning rates that fall in steps."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class Step(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the learning rate by `factor` every `period` steps.

    Args:
        start: The learning rate of step 0.
        period: How many steps lie between two drops.
        factor: What the rate is multiplied by at each.

    Call it with the step, an integer or an integer tensor; it returns a scalar tensor of `keras.config.floatx()`.

    Raises:
        ValueError: If `start` is negative, `period` isn't a positive integer, or `factor` isn't above 0 and at most 1.

    What differs: the same as `torch.optim.lr_scheduler.StepLR`, but by batches where that counts epochs; and as
    `keras.optimizers.schedules.ExponentialDecay(staircase=True)`.

    >>> from kzoo.schedules import Step
    >>> schedule = Step(0.1, period=10)
    >>> [round(float(schedule(step)), 4) for step in (0, 9, 10, 20)]
    [0.1, 0.1, 0.01, 0.001]
    """

    def __init__(self, start: float, period: int, factor: float = 0.1):
        super().__init__()
        if isinstance(period, bool) or not isinstance(period, int) or period < 1:
            raise ValueError(f"`period` must be a positive integer. Received: period={period!r}")
        self.start, self.factor = _checked(start, factor)
        self.period = period

    def __call__(self, step):
        drops = ops.cast(ops.floor_divide(step, self.period), keras.config.floatx())
        return self.start * ops.power(ops.cast(self.factor, drops.dtype), drops)

    def get_config(self):
        return {"start": self.start, "period": self.period, "factor": self.factor}


@keras.saving.register_keras_serializable("kzoo")
class MultiStep(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the learning rate by `factor` at each of the steps given.

    Args:
        start: The learning rate of step 0.
        milestones: The steps from which the rate is lower, rising.
        factor: What the rate is multiplied by at each.

    Call it with the step, an integer or an integer tensor; it returns a scalar tensor of `keras.config.floatx()`.

    Raises:
        ValueError: If `start` is negative, the milestones aren't rising positive integers, or `factor` isn't above 0
            and at most 1.

    What differs: the same as `torch.optim.lr_scheduler.MultiStepLR`, but by batches where that counts epochs. In
    `keras.optimizers.schedules.PiecewiseConstantDecay` a boundary's own step still has the old rate.

    >>> from kzoo.schedules import MultiStep
    >>> schedule = MultiStep(0.1, milestones=[10, 15])
    >>> [round(float(schedule(step)), 4) for step in (9, 10, 14, 15)]
    [0.1, 0.01, 0.01, 0.001]
    """

    def __init__(self, start: float, milestones: list[int], factor: float = 0.1):
        super().__init__()
        milestones = list(milestones)
        whole = all(isinstance(each, int) and not isinstance(each, bool) for each in milestones)
        if not whole or not all(a < b for a, b in zip([0, *milestones], milestones)):
            raise ValueError(
                f"`milestones` must be rising positive integers. Received: milestones={milestones}"
            )
        self.start, self.factor = _checked(start, factor)
        self.milestones = milestones

    def __call__(self, step):
        drops = ops.zeros((), dtype=keras.config.floatx())
        for milestone in self.milestones:
            drops = drops + ops.cast(step >= milestone, drops.dtype)
        return self.start * ops.power(ops.cast(self.factor, drops.dtype), drops)

    def get_config(self):
        return {"start": self.start, "milestones": self.milestones, "factor": self.factor}


def _checked(start: float, factor: float) -> tuple[float, float]:
    if not start >= 0:
        raise ValueError(f"`start` must not be negative. Received: start={start}")
    if not 0 < factor <= 1:
        raise ValueError(f"`factor` must be above 0 and at most 1. Received: factor={factor}")
    return float(start), float(factor)
