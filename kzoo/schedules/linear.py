"""A straight line between two learning rates."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class Linear(keras.optimizers.schedules.LearningRateSchedule):
    """Goes in a straight line from `start` to `end` in `total_steps`, and stays there.

    Args:
        start: The learning rate of step 0.
        total_steps: How many steps the way takes. Recipes fill in those of the whole training.
        end: The learning rate from `total_steps` on.

    Call it with the step, an integer or an integer tensor; it returns a scalar tensor of `keras.config.floatx()`.

    Raises:
        ValueError: If a rate is negative or `total_steps` isn't a positive integer.

    What differs: the same as `optax.linear_schedule(start, end, total_steps)`. `torch.optim.lr_scheduler.LinearLR`
    takes factors of the optimizer's rate, and 5 steps from a third of it by default.

    >>> from kzoo.schedules import Linear
    >>> schedule = Linear(0.1, total_steps=10)
    >>> [round(float(schedule(step)), 4) for step in (0, 5, 10, 11)]
    [0.1, 0.05, 0.0, 0.0]
    """

    def __init__(self, start: float, total_steps: int, end: float = 0.0):
        super().__init__()
        if not start >= 0 or not end >= 0:
            raise ValueError(f"`start` and `end` must not be negative. Received: start={start}, end={end}")
        if isinstance(total_steps, bool) or not isinstance(total_steps, int) or total_steps < 1:
            raise ValueError(
                f"`total_steps` must be a positive integer. Received: total_steps={total_steps!r}"
            )
        self.start = float(start)
        self.total_steps = total_steps
        self.end = float(end)

    def __call__(self, step):
        step = ops.cast(step, keras.config.floatx())
        return self.start + (self.end - self.start) * ops.clip(step / self.total_steps, 0.0, 1.0)

    def get_config(self):
        return {"start": self.start, "total_steps": self.total_steps, "end": self.end}
