"""LaProp."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class LaProp(ExactOptimizer):
    """Adam the other way round: gradients are divided first and averaged then (Ziyin et al. 2020).

    m_t = β₁ m_{t-1} + (1-β₁) g_t / (√v̂_t + ε), θ ← θ - η m_t / (1-β₁ᵗ). Any two decays can go together; in Adam β₁
    must stay well below √β₂.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the average of divided gradients, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1) or `epsilon` is negative.

    Paper: Ziyin et al. 2020, LaProp: Separating Momentum and Adaptivity in Adam, arXiv:2002.04839.

    What differs: the same numbers as `timm.optim.LaProp` while the learning rate is constant; timm averages the rates
    along with the gradients. Weight decay acts after the step, as there.

    >>> from kzoo.optimizers import LaProp
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = LaProp(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)
    0.9
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.0004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-15,
        name: str | None = "laprop",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square = slots
        square = moved(square, ops.square(gradient), self.beta_2)
        root = ops.sqrt(square / one_minus_power(self.beta_2, time)) + self.epsilon
        moment = moved(moment, gradient / root, self.beta_1)
        weight = weight - rate / one_minus_power(self.beta_1, time) * moment
        return decayed(weight, rate, decay), [moment, square]

    def get_config(self):
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
