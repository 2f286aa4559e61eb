"""Gradient descent with momentum, and Nesterov's, under names of their own."""

from __future__ import annotations

import keras

from kzoo.optimizers.exact import decayed
from kzoo.optimizers.scheduled_momentum import ScheduledMomentum


@keras.saving.register_keras_serializable("kzoo")
class Momentum(ScheduledMomentum):
    """Gradient descent with momentum (Polyak 1964): m_t = μ m_{t-1} - η g_t, θ_t = θ_{t-1} + m_t.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        momentum_schedule: A schedule of μ in the place of `momentum`, for instance `one_cycle_momentum`.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If `momentum` is outside [0, 1).

    Paper: Polyak 1964, Some Methods of Speeding up the Convergence of Iteration Methods.

    What differs: `keras.optimizers.SGD(momentum=0.9)` and, while the rate is constant, `torch.optim.SGD(momentum=0.9)`
    take the same steps; torch has the rate outside the momentum, and L2 for its `weight_decay`.

    >>> from kzoo.optimizers import Momentum
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = Momentum(learning_rate=0.1)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)  # 1 - 0.1 - (0.09 + 0.1)
    0.71
    """

    SLOTS = ("momentum",)

    def __init__(
        self,
        learning_rate=0.01,
        momentum: float = 0.9,
        momentum_schedule=None,
        name: str | None = "momentum",
        **kwargs,
    ):
        super().__init__(
            learning_rate=learning_rate,
            momentum=momentum,
            momentum_schedule=momentum_schedule,
            name=name,
            **kwargs,
        )

    def step(self, weight, gradient, slots, *, rate, decay, time):
        momentum = self.momentum_now(gradient.dtype)
        velocity = momentum * slots[0] - rate * gradient
        return decayed(weight, rate, decay) + self.along(velocity, momentum, rate * gradient), [velocity]

    def along(self, velocity, momentum, descent):
        """What is added to a weight: here its velocity."""
        return velocity


@keras.saving.register_keras_serializable("kzoo")
class Nesterov(Momentum):
    """Gradient descent with Nesterov's momentum, which looks ahead: θ_t = θ_{t-1} + μ m_t - η g_t.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        momentum_schedule: A schedule of μ in the place of `momentum`, for instance `one_cycle_momentum`.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If `momentum` is outside [0, 1).

    Paper: Sutskever et al. 2013, On the Importance of Initialization and Momentum in Deep Learning.

    What differs: `keras.optimizers.SGD(momentum=0.9, nesterov=True)` and, while the rate is constant, torch's
    `SGD(momentum=0.9, nesterov=True)` take the same steps.

    >>> from kzoo.optimizers import Nesterov
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = Nesterov(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)  # 1 - 0.09 - 0.1
    0.81
    """

    def __init__(
        self,
        learning_rate=0.01,
        momentum: float = 0.9,
        momentum_schedule=None,
        name: str | None = "nesterov",
        **kwargs,
    ):
        super().__init__(learning_rate, momentum, momentum_schedule, name, **kwargs)

    def along(self, velocity, momentum, descent):
        """The velocity, taken one step further."""
        return momentum * velocity - descent
