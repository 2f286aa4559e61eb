"""Optimizers that need no schedule, since what is evaluated is an average of where they have been."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.arguments import not_negative, whole_number
from kzoo.optimizers.copied import copy_of
from kzoo.optimizers.exact import ExactOptimizer, moved, one_minus_power, power
from kzoo.optimizers.look_ahead import looking_ahead
from kzoo.optimizers.radam import average_length


class ScheduleFree(ExactOptimizer):
    """What the three share (Defazio et al. 2024).

    With z where plain steps lead and x their average, gradients are taken at y = (1-β) z + β x:
    z ← z - η u(y), x ← (1-c) x + c z, c = w_t / Σ w, w_t = tʳ η_maxᵖ. After `apply` a weight is at y. In `fit` it is at
    x between steps, where it is evaluated and saved; only z is kept beside it.
    """

    wants_recalibration = True  # of batch normalization: its statistics are those of y

    def __init__(self, learning_rate, beta, warmup_steps, r, weight_lr_power, name, **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if not 0 < beta < 1:
            raise ValueError(f"`{self.BETA}` must be above 0 and below 1. Received: {self.BETA}={beta}")
        self.beta = float(beta)
        self.warmup_steps = whole_number(warmup_steps=warmup_steps, least=0)
        self.r = float(r)
        self.weight_lr_power = not_negative(weight_lr_power=weight_lr_power)
        self._going = None  # "x" or "y" while weights are moved between the two

    BETA = "beta_1"

    def add_slot(self, variable, name):
        if name == "z":
            return self.add_variable_from_reference(variable, name=name, initializer=copy_of(variable))
        return super().add_slot(variable, name)

    def build_shared(self):
        self._largest = self.add_shared("largest_rate", 0.0)
        self._sum = self.add_shared("sum_of_shares", 0.0)
        self._share = self.add_shared("share", 1.0)

    def advance(self, learning_rate):
        dtype = self._sum.dtype
        time = ops.cast(self.iterations + 1, dtype)
        rate = self.rate(ops.cast(learning_rate, dtype), time)
        largest = ops.where(rate > self._largest, rate, ops.convert_to_tensor(self._largest))
        share = power(time, self.r) * power(largest, self.weight_lr_power)
        total = self._sum + share
        some = total > 0
        self.assign(self._largest, largest)
        self.assign(self._sum, total)
        self.assign(self._share, ops.where(some, share / ops.where(some, total, 1.0), 0.0))

    def rate(self, rate, time):
        """The learning rate of a step: warmed up, in a line."""
        return (
            rate
            if not self.warmup_steps
            else rate * ops.where(time < self.warmup_steps, time / self.warmup_steps, ops.ones_like(time))
        )

    def step(self, weight, gradient, slots, *, rate, decay, time):
        ahead, *others = slots
        rate = self.rate(rate, time)
        along, others = self.along(gradient, others, time)
        if decay:
            along = along + decay * weight
        share = ops.cast(self._share, weight.dtype)
        weight = weight + (ahead - weight) * share + along * (rate * (self.beta * (1 - share) - 1))
        return weight, [ahead - rate * along, *others]

    def along(self, gradient, slots, time):
        """The direction of a plain step, and the slots after it."""
        return gradient, slots

    # Between x and y ----------------------------------------------------------------------------------------------

    def to_x(self, variables) -> None:
        """Moves weights from y, where gradients are taken, to x, where they are evaluated."""
        self._go("x", variables)

    def to_y(self, variables) -> None:
        """Moves weights from x, where they are evaluated, to y, where gradients are taken."""
        self._go("y", variables)

    def _go(self, where, variables):
        self._going = where
        nothing = [ops.zeros((), each.dtype) for each in variables]
        # Keras's way to reach every copy of a variable, under tf.distribute too.
        keras.optimizers.Optimizer._backend_update_step(self, nothing, variables, 0.0)
        self._going = None

    def _all_reduce_sum_gradients(self, grads_and_vars):
        return grads_and_vars if self._going else super()._all_reduce_sum_gradients(grads_and_vars)

    def update_step(self, gradient, variable, learning_rate):
        if not self._going:
            super().update_step(gradient, variable, learning_rate)
            return
        slots = self._slots[self._get_variable_index(variable)]
        if slots:
            ahead = ops.convert_to_tensor(slots[0])
            weight = ops.cast(variable, ahead.dtype)
            share = 1 - (1 / self.beta if self._going == "x" else self.beta)
            self.assign(variable, ops.cast(weight + (ahead - weight) * share, variable.dtype))

    def wrap_train_step(self, model, step):
        """The train step of a model compiled with this optimizer: it begins and ends at x."""
        return looking_ahead(model, step, self, self.to_y, self.to_x)

    def get_config(self):
        own = {
            self.BETA: self.beta,
            "warmup_steps": self.warmup_steps,
            "r": self.r,
            "weight_lr_power": self.weight_lr_power,
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("kzoo")
class ScheduleFreeSGD(ScheduleFree):
    """SGD without a schedule: what is evaluated is a running average of its steps (Defazio et al. 2024).

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable; larger than with a schedule.
        momentum: β, above 0 and below 1: how near to the average gradients are taken.
        warmup_steps: For how many steps the learning rate rises in a line.
        r: The power of the step's number in its share of the average.
        weight_lr_power: The power of the largest learning rate so far in that share.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    In `fit` the model is at the average whenever it is evaluated or saved, and the statistics of batch normalization
    are measured anew for it (see `RecalibrateBatchNorm`). In a loop of your own it is where gradients are taken;
    `to_x(variables)` and `to_y(variables)` go back and forth.

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Defazio et al. 2024, The Road Less Scheduled, arXiv:2405.15682.

    What differs: the same numbers as `schedulefree.SGDScheduleFree`, which needs calls of `train()` and `eval()`.

    >>> from kzoo.optimizers import ScheduleFreeSGD
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = ScheduleFreeSGD(learning_rate=0.5, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> optimizer.to_x([weight])
    >>> round(float(weight.numpy()[0]), 4)  # the mean of .5 and 0
    0.25
    """

    SLOTS = ("z",)
    BETA = "momentum"

    def __init__(
        self,
        learning_rate=1.0,
        momentum: float = 0.9,
        warmup_steps: int = 0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        name: str | None = "schedule_free_sgd",
        **kwargs,
    ):
        super().__init__(learning_rate, momentum, warmup_steps, r, weight_lr_power, name, **kwargs)


class _ScheduleFreeAdam(ScheduleFree):
    """Steps along gradients that are divided by the root of their second moment."""

    SLOTS = ("z", "velocity")

    def __init__(self, learning_rate, beta_1, beta_2, epsilon, *others, **kwargs):
        super().__init__(learning_rate, beta_1, *others, **kwargs)
        if not 0 <= beta_2 < 1:
            raise ValueError(f"`beta_2` must be at least 0 and below 1. Received: beta_2={beta_2}")
        self.beta_2, self.epsilon = float(beta_2), not_negative(epsilon=epsilon)

    def along(self, gradient, slots, time):
        square = moved(slots[0], ops.square(gradient), self.beta_2)
        root = ops.sqrt(square / one_minus_power(self.beta_2, time)) + self.epsilon
        return gradient / root, [square]

    def get_config(self):
        return {**super().get_config(), "beta_2": self.beta_2, "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("kzoo")
class ScheduleFreeAdamW(_ScheduleFreeAdam):
    """AdamW without a schedule: what is evaluated is a running average of its steps (Defazio et al. 2024).

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: β, above 0 and below 1: how near to the average gradients are taken.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment.
        warmup_steps: For how many steps the learning rate rises in a line.
        r: The power of the step's number in its share of the average.
        weight_lr_power: The power of the largest learning rate so far in that share.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    In `fit` the model is at the average whenever it is evaluated or saved, and the statistics of batch normalization
    are measured anew for it (see `RecalibrateBatchNorm`). In a loop of your own it is where gradients are taken;
    `to_x(variables)` and `to_y(variables)` go back and forth.

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Defazio et al. 2024, The Road Less Scheduled, arXiv:2405.15682.

    What differs: the same numbers as `schedulefree.AdamWScheduleFree`, which needs calls of `train()` and `eval()`.
    `keras.optimizers.ScheduleFreeAdamW` gives other numbers and is never evaluated at the average.

    >>> from kzoo.optimizers import ScheduleFreeAdamW
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = ScheduleFreeAdamW(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)
    0.9
    """

    def __init__(
        self,
        learning_rate=0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        name: str | None = "schedule_free_adamw",
        **kwargs,
    ):
        own = (warmup_steps, r, weight_lr_power, name)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, *own, **kwargs)


@keras.saving.register_keras_serializable("kzoo")
class ScheduleFreeRAdam(_ScheduleFreeAdam):
    """Schedule-free Adam that rectifies its first steps instead of warming up (Defazio et al. 2024; Liu et al. 2019).

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: β, above 0 and below 1: how near to the average gradients are taken.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment.
        silent_sgd_phase: Whether the steps before the second moment can be trusted move nothing; else they are SGD's.
        r: The power of the step's number in its share of the average.
        weight_lr_power: The power of the largest learning rate so far in that share.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    In `fit` the model is at the average whenever it is evaluated or saved, and the statistics of batch normalization
    are measured anew for it (see `RecalibrateBatchNorm`). In a loop of your own it is where gradients are taken;
    `to_x(variables)` and `to_y(variables)` go back and forth.

    Raises:
        ValueError: If an argument is out of its range.

    Papers: Defazio et al. 2024, The Road Less Scheduled, arXiv:2405.15682; Liu et al. 2019, arXiv:1908.03265.

    What differs: the same numbers as `schedulefree.RAdamScheduleFree`, which needs calls of `train()` and `eval()`.

    >>> from kzoo.optimizers import ScheduleFreeRAdam
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = ScheduleFreeRAdam(learning_rate=0.1)
    >>> for _ in range(5):
    ...     optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> bool(weight.numpy()[0] < 1.0)  # four silent steps, then one
    True
    """

    def __init__(
        self,
        learning_rate=0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        silent_sgd_phase: bool = True,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
        name: str | None = "schedule_free_radam",
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, 0, r, weight_lr_power, name, **kwargs)
        self.silent_sgd_phase = bool(silent_sgd_phase)

    def _trusted(self, time):
        return average_length(self.beta_2, time) > 4

    def rate(self, rate, time):
        longest = 2 / (1 - self.beta_2) - 1
        length = ops.where(self._trusted(time), average_length(self.beta_2, time), longest)
        factor = ops.sqrt((length - 4) * (length - 2) / length * (longest / ((longest - 4) * (longest - 2))))
        untrusted = ops.zeros_like(factor) if self.silent_sgd_phase else ops.ones_like(factor)
        return rate * ops.where(self._trusted(time), factor, untrusted)

    def along(self, gradient, slots, time):
        divided, slots = super().along(gradient, slots, time)
        return ops.where(self._trusted(time), divided, gradient), slots

    def get_config(self):
        config = {**super().get_config(), "silent_sgd_phase": self.silent_sgd_phase}
        del config["warmup_steps"]
        return config
