"""AdaBelief."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class AdaBelief(ExactOptimizer):
    """Adam that divides by how far gradients stray from their average, not by their size (Zhuang et al. 2020).

    s_t = β₂ s_{t-1} + (1-β₂)(g_t - m_t)² + ε takes the place of the second moment: where gradients are as expected
    steps are long.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the squared surprise, from 0 to below 1.
        epsilon: Added to the squared surprise at each step, and again to its root.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1) or `epsilon` is negative.

    Paper: Zhuang et al. 2020, AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients,
    arXiv:2010.07468.

    What differs: the same numbers as `timm.optim.AdaBelief(rectify=False)`; timm and the authors' package rectify by
    default. `optax.adabelief` adds 1e-16 to the average, not inside it. `weight_decay` is decoupled.

    >>> from kzoo.optimizers import AdaBelief
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = AdaBelief(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 3)  # g/|g - m| = 1/.9 times the rate
    0.889
    """

    SLOTS = ("momentum", "surprise")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-16,
        name: str | None = "adabelief",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, surprise = slots
        moment = moved(moment, gradient, self.beta_1)
        surprise = moved(surprise, ops.square(gradient - moment), self.beta_2) + self.epsilon
        root = ops.sqrt(surprise) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        step = rate / one_minus_power(self.beta_1, time) * moment / root
        return decayed(weight, rate, decay) - step, [moment, surprise]

    def get_config(self):
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
