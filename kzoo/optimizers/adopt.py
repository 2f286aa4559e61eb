"""ADOPT."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import (
    ExactOptimizer,
    below_one,
    decayed,
    larger,
    moved,
    not_negative,
    power,
    smaller,
)


@keras.saving.register_keras_serializable("kzoo")
class ADOPT(ExactOptimizer):
    """Adam that converges with any β₂: a gradient is divided by what was known before it (Taniguchi et al. 2024).

    m_t = β₁ m_{t-1} + (1-β₁) clip(g_t / max(√v_{t-1}, ε), ±(t-1)^c), θ ← θ - η m_t. The first gradient only fills v:
    the first step moves nothing.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the average of divided gradients, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: The least that a gradient is divided by.
        clip_exponent: c, how fast the bound of divided gradients grows; None clips nothing.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1), or `epsilon` or `clip_exponent` is negative.

    Paper: Taniguchi et al. 2024, ADOPT: Modified Adam Can Converge with Any β₂ with the Optimal Rate,
    arXiv:2411.02853.

    What differs: the same numbers as `timm.optim.Adopt(decoupled=True)`, with its exponent .333; the paper has 1/4.
    `pytorch_optimizer.ADOPT` differs from both.

    >>> from kzoo.optimizers import ADOPT
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = ADOPT(learning_rate=0.1)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)  # nothing, then 0.1 · (1 - 0.9)
    0.99
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.9999,
        epsilon: float = 1e-6,
        clip_exponent: float | None = 0.333,
        name: str | None = "adopt",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.clip_exponent = None if clip_exponent is None else not_negative("clip_exponent", clip_exponent)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square = slots
        first = ops.equal(time, 1)
        divided = gradient / larger(ops.sqrt(square), self.epsilon)
        if self.clip_exponent is not None:
            bound = power(larger(time - 1, 1), self.clip_exponent)
            divided = smaller(larger(divided, -bound), bound)
        moment = ops.where(first, moment, moved(moment, divided, self.beta_1))
        ahead = decayed(weight, rate, decay) - rate * moment
        new = ops.square(gradient)
        square = ops.where(first, new, moved(square, new, self.beta_2))
        return ops.where(first, weight, ahead), [moment, square]

    def get_config(self):
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "clip_exponent": self.clip_exponent,
        }
        return {**super().get_config(), **own}
