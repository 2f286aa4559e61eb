"""Lookahead around another optimizer."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.around import Around
from kzoo.optimizers.copied import copy_of


@keras.saving.register_keras_serializable("kzoo")
class Lookahead(Around):
    """Lets an optimizer run ahead, then pulls a slow copy of the weights after it (Zhang et al. 2019).

    Every `sync_period` steps: slow ← slow + slow_step · (weights - slow), weights ← slow. The slow weights start as
    the weights are when the optimizer is built, which is when training starts.

    Args:
        optimizer: The optimizer inside: its name, its configuration, or itself.
        sync_period: How many of its steps lie between two synchronizations, from 1.
        slow_step: How far the slow weights go towards the weights, above 0 and at most 1.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes. `weight_decay`, the clipping arguments, `loss_scale_factor` and
            `gradient_accumulation_steps` are handed on to the optimizer inside; `use_ema` and its companions average
            what Lookahead makes of the weights.

    `learning_rate` is that of the optimizer inside, to read and to set.

    Raises:
        ValueError: If an argument is out of its range, or is set on the optimizer inside as well.

    Paper: Zhang et al. 2019, Lookahead Optimizer: k steps forward, 1 step back, arXiv:1907.08610.

    What differs: `tfa.optimizers.Lookahead` called it `slow_step_size`. It counts updates: with accumulated gradients
    a period is `sync_period · gradient_accumulation_steps` batches.

    >>> from kzoo.optimizers import Lookahead
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = Lookahead(keras.optimizers.SGD(0.1), sync_period=2, slow_step=0.5)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)  # two steps to 0.8, half of the way back
    0.9
    """

    def __init__(
        self,
        optimizer="adam",
        sync_period: int = 6,
        slow_step: float = 0.5,
        name: str | None = "lookahead",
        **kwargs,
    ):
        if isinstance(sync_period, bool) or not isinstance(sync_period, int) or sync_period < 1:
            raise ValueError(
                f"`sync_period` must be a positive integer. Received: sync_period={sync_period!r}"
            )
        if not 0 < slow_step <= 1:
            raise ValueError(f"`slow_step` must be above 0 and at most 1. Received: slow_step={slow_step}")
        super().__init__(optimizer, name, **kwargs)
        self.sync_period = sync_period
        self.slow_step = float(slow_step)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._slow = [self._copy_of(each) for each in variables]

    def _copy_of(self, variable):
        if self._overwrite_variable_with_gradient(variable):
            return None
        return self.add_variable_from_reference(
            variable,
            name="slow",
            initializer=copy_of(variable),
        )

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        self.optimizer.apply(grads, trainable_variables)
        self.for_each_weight(trainable_variables, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        """Synchronizes a variable with its slow copy, if this is the step for it."""
        slow = self._slow[self._get_variable_index(variable)]
        batches = self.sync_period * (self.optimizer.gradient_accumulation_steps or 1)
        due = ops.equal(ops.mod(self.optimizer._iterations, batches), 0)
        ahead, behind = ops.convert_to_tensor(variable), ops.convert_to_tensor(slow)

        def pulled():
            both = behind + (ahead - behind) * self.slow_step
            return both, both

        # Nothing is computed in the steps in between.
        now, kept = ops.cond(due, pulled, lambda: (ahead, behind))
        self.assign(slow, kept)
        self.assign(variable, now)

    def get_config(self):
        own = ("sync_period", "slow_step", "use_ema", "ema_momentum", "ema_overwrite_frequency")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
