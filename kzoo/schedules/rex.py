"""A decay that holds the learning rate up for long."""

from __future__ import annotations

import keras

from kzoo.schedules.decay import Decay


@keras.saving.register_keras_serializable("kzoo")
class REX(Decay):
    """Falls slowly at first and ever more steeply to the end: end + (start - end) · (1 - z) / (1 - z/2), z = t/T.

    Made for trainings of any budget: between a line and a step that comes late.

    Args:
        start: The learning rate of step 0.
        total_steps: T. Recipes fill in the steps of the whole training.
        end: The learning rate from T on.

    Call it with the step, an integer or an integer tensor; it returns a scalar tensor of `keras.config.floatx()`.

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Chen et al. 2021, REX: Revisiting Budgeted Training with an Improved Schedule, arXiv:2107.04197.

    What differs: the same as `pytorch_optimizer.REXScheduler`.

    >>> from kzoo.schedules import REX
    >>> schedule = REX(0.3, total_steps=10)
    >>> [round(float(schedule(step)), 4) for step in (0, 5, 10)]
    [0.3, 0.2, 0.0]
    """

    def __init__(self, start: float, total_steps: int, end: float = 0.0):
        super().__init__(start, total_steps, end)

    def left(self, done):
        return (1 - done) / (1 - done / 2)
