"""MADGRAD."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.copied import copy_of
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, not_negative, power


@keras.saving.register_keras_serializable("kzoo")
class MADGRAD(ExactOptimizer):
    """Dual averaging with a cube root: steps from where the weights began (Defazio and Jelassi 2021).

    λ_t = (η+ε)√t, s_t = s_{t-1} + λ_t g_t, v_t = v_{t-1} + λ_t g_t², z = θ_0 - s_t / (∛v_t + ε),
    θ_t = μ θ_{t-1} + (1-μ) z. Wants less weight decay than Adam, often none, and a learning rate of its own.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        epsilon: Added to the cube root and to the learning rate.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If `momentum` is outside [0, 1) or `epsilon` is negative.

    Paper: Defazio and Jelassi 2021, Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient
    Method for Stochastic Optimization, arXiv:2101.11075.

    What differs: the same numbers as `timm.optim.MADGRAD(decoupled_decay=True)`; in the authors' package the decay is
    L2. θ_0 is what the weights are when the optimizer is built.

    >>> from kzoo.optimizers import MADGRAD
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = MADGRAD(learning_rate=0.001, momentum=0.0)
    >>> optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> round(float(weight.numpy()[0]), 3)  # .001 / ∛.001
    0.99
    """

    SLOTS = ("sum", "sum_of_squares", "start")

    def __init__(
        self,
        learning_rate=0.01,
        momentum: float = 0.9,
        epsilon: float = 1e-6,
        name: str | None = "madgrad",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = below_one("momentum", momentum)
        self.epsilon = not_negative("epsilon", epsilon)

    def add_slot(self, variable, name):
        start = copy_of(variable) if name == "start" else "zeros"
        return self.add_variable_from_reference(variable, name=name, initializer=start)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        total, squares, start = slots
        share = (rate + self.epsilon) * ops.sqrt(time)
        total = total + share * gradient
        squares = squares + share * ops.square(gradient)
        target = start - total / (power(squares, 1 / 3) + self.epsilon)
        weight = self.momentum * decayed(weight, rate, decay) + (1 - self.momentum) * target
        return weight, [total, squares, start]

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}
