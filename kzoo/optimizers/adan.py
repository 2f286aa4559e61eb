"""Adan."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class Adan(ExactOptimizer):
    """Adam with Nesterov momentum from differences of gradients: large batches and large rates (Xie et al. 2022).

    It averages gradients g, their differences d = g_t - g_{t-1}, and (g + β₂ d)². The step goes along the first plus
    β₂ times the second, each with its bias corrected.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the gradients' average, from 0 to below 1.
        beta_2: Decay of the differences' average, from 0 to below 1.
        beta_3: Decay of the squares' average, from 0 to below 1.
        epsilon: Added to the root after its bias is corrected.
        proximal: Decay weights after the step, θ / (1 + ηλ), as the paper does; otherwise before it, as AdamW does.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1) or `epsilon` is negative.

    Paper: Xie et al. 2022, Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models,
    arXiv:2208.06677.

    What differs: the same numbers as `timm.optim.Adan`. The paper's β are what is left to the new value:
    `beta_1=0.98` is its β₁ = .02.

    >>> from kzoo.optimizers import Adan
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = Adan(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)
    0.9
    """

    SLOTS = ("momentum", "difference", "velocity", "last_gradient")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.98,
        beta_2: float = 0.92,
        beta_3: float = 0.99,
        epsilon: float = 1e-8,
        proximal: bool = True,
        name: str | None = "adan",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.beta_3 = below_one("beta_3", beta_3)
        self.epsilon = not_negative("epsilon", epsilon)
        self.proximal = bool(proximal)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, difference, square, last = slots
        change = ops.where(time > 1, gradient - last, ops.zeros_like(gradient))
        moment = moved(moment, gradient, self.beta_1)
        difference = moved(difference, change, self.beta_2)
        square = moved(square, ops.square(gradient + self.beta_2 * change), self.beta_3)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_3, time)) + self.epsilon
        along = moment / one_minus_power(self.beta_1, time)
        along = along + difference * (self.beta_2 / one_minus_power(self.beta_2, time))
        if self.proximal:
            weight = (weight - rate * along / root) / (1 + rate * decay)
        else:
            weight = decayed(weight, rate, decay) - rate * along / root
        return weight, [moment, difference, square, gradient]

    def get_config(self):
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "beta_3": self.beta_3,
            "epsilon": self.epsilon,
            "proximal": self.proximal,
        }
        return {**super().get_config(), **own}
