"""Ranger."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.arguments import count
from kzoo.optimizers.copied import copy_of
from kzoo.optimizers.radam import RAdam


@keras.saving.register_keras_serializable("kzoo")
class Ranger(RAdam):
    """Rectified Adam, whose gradients are centralized and which slow weights follow (Wright 2019).

    As `Lookahead(Centralized(RAdam()))`, in one and with Ranger's numbers: the mean is taken from the gradient of each
    output's weights, RAdam steps, and every `sync_period` steps slow ← slow + slow_step · (θ - slow), θ ← slow.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, above 0 and below 1.
        epsilon: Added to the root of the second moment.
        sync_period: How many steps lie between two synchronizations, from 1.
        slow_step: How far the slow weights go towards the weights, above 0 and at most 1.
        centralize: Whether gradients are centralized.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    Raises:
        ValueError: If an argument is out of its range.

    Papers: Liu et al. 2019, arXiv:1908.03265; Zhang et al. 2019, arXiv:1907.08610; Yong et al. 2020, arXiv:2004.01461.

    What differs: the same numbers as `pytorch_optimizer.Ranger(degenerated_to_sgd=True)`, which without it climbs in
    the first steps. In `tfa` it was `Lookahead(RectifiedAdam())`, without centralization.

    >>> from kzoo.optimizers import Ranger
    >>> import keras
    >>> weight = keras.Variable([[1.0], [1.0]])
    >>> optimizer = Ranger(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[3.0], [1.0]])], [weight])
    >>> [round(float(each), 4) for each in weight.numpy()[:, 0]]
    [0.9, 1.1]
    """

    SLOTS = ("momentum", "velocity", "slow")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.95,
        beta_2: float = 0.999,
        epsilon: float = 1e-5,
        sync_period: int = 6,
        slow_step: float = 0.5,
        centralize: bool = True,
        name: str | None = "ranger",
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name, **kwargs)
        if not 0 < slow_step <= 1:
            raise ValueError(f"`slow_step` must be above 0 and at most 1. Received: slow_step={slow_step}")
        self.sync_period = count(sync_period=sync_period)
        self.slow_step = float(slow_step)
        self.centralize = bool(centralize)

    def add_slot(self, variable, name):
        if name != "slow":
            return super().add_slot(variable, name)
        return self.add_variable_from_reference(variable, name=name, initializer=copy_of(variable))

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square, slow = slots
        if self.centralize and len(gradient.shape) > 1:
            # Not `ops.mean`, which rounds float64 on PyTorch.
            total = ops.sum(gradient, axis=tuple(range(len(gradient.shape) - 1)), keepdims=True)
            gradient = gradient - total / max(math.prod(gradient.shape[:-1]), 1)
        ahead, kept = super().step(weight, gradient, [moment, square], rate=rate, decay=decay, time=time)
        due = ops.equal(ops.mod(time, self.sync_period), 0)
        pulled = slow + (ahead - slow) * self.slow_step
        return ops.where(due, pulled, ahead), [*kept, ops.where(due, pulled, slow)]

    def get_config(self):
        own = ("sync_period", "slow_step", "centralize")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
