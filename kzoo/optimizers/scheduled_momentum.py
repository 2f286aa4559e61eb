"""Momentum that a schedule moves, as the learning rate is moved."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one
from kzoo.schedules.nested import checked_schedule, rate_at, to_config


class ScheduledMomentum(ExactOptimizer):
    """What optimizers with one momentum share.

    Args:
        momentum: μ, from 0 to below 1.
        momentum_schedule: A schedule in its place.
        **more: What every optimizer takes.
    """

    def __init__(self, *, momentum: float, momentum_schedule, **more):
        super().__init__(**more)
        self.momentum = below_one("momentum", momentum)
        self.momentum_schedule = (
            None if momentum_schedule is None else checked_schedule("momentum_schedule", momentum_schedule)
        )

    def momentum_now(self, dtype):
        """μ of the step that is being taken."""
        if self.momentum_schedule is None:
            return self.momentum
        return ops.cast(rate_at(self.momentum_schedule, self.iterations), dtype)

    def get_config(self):
        schedule = None if self.momentum_schedule is None else to_config(self.momentum_schedule)
        return {**super().get_config(), "momentum": self.momentum, "momentum_schedule": schedule}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if isinstance(config.get("momentum_schedule"), dict):
            config["momentum_schedule"] = keras.saving.deserialize_keras_object(
                config["momentum_schedule"], custom_objects
            )
        return super().from_config(config, custom_objects)
