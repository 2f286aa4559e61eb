"""Nadam as torch has it."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class NAdam(ExactOptimizer):
    """Adam with Nesterov's look ahead, and a momentum that grows slowly (Dozat 2016).

    μ_t = β₁ (1 - ½ · .96^(ψt)) with ψ the `momentum_decay`; the step goes along
    μ_{t+1} m_t / (1 - Π_{i≤t+1} μ_i) + (1 - μ_t) g_t / (1 - Π_{i≤t} μ_i), divided as Adam's.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        momentum_decay: ψ, how fast the momentum grows; 0 keeps it at half of `beta_1`.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1), or `epsilon` or `momentum_decay` is negative.

    Paper: Dozat 2016, Incorporating Nesterov Momentum into Adam.

    What differs: the same numbers as `torch.optim.NAdam`. `keras.optimizers.Nadam` has ψ = 1. `weight_decay` is
    decoupled, as in all of Keras (torch: `decoupled_weight_decay=True`).

    >>> from kzoo.optimizers import NAdam
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = NAdam(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 3)
    0.894
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        momentum_decay: float = 0.004,
        name: str | None = "nadam",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.momentum_decay = not_negative("momentum_decay", momentum_decay)

    def build_shared(self):
        self._product = self.add_shared("momentum_product", 1.0)

    def advance(self, learning_rate):
        time = ops.cast(self.iterations + 1, self._product.dtype)
        self.assign(self._product, ops.convert_to_tensor(self._product) * self._momentum(time))

    def _momentum(self, time):
        return self.beta_1 * (1 - 0.5 * ops.exp(time * (self.momentum_decay * math.log(0.96))))

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square = slots
        moment = moved(moment, gradient, self.beta_1)
        square = moved(square, ops.square(gradient), self.beta_2)
        now, following = self._momentum(time), self._momentum(time + 1)
        product = ops.cast(self._product, weight.dtype)
        ahead = gradient * ((1 - now) / (1 - product)) + moment * (following / (1 - product * following))
        root = ops.sqrt(square / one_minus_power(self.beta_2, time)) + self.epsilon
        return decayed(weight, rate, decay) - rate * ahead / root, [moment, square]

    def get_config(self):
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "momentum_decay": self.momentum_decay,
        }
        return {**super().get_config(), **own}
