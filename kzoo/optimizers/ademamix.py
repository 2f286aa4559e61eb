"""AdEMAMix."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.optimizers.exact import (
    ExactOptimizer,
    below_one,
    decayed,
    larger,
    moved,
    not_negative,
    one_minus_power,
    smaller,
)


@keras.saving.register_keras_serializable("kzoo")
class AdEMAMix(ExactOptimizer):
    """Adam with a second, very slow average of gradients beside the first (Pagliardini et al. 2024).

    θ ← θ - η (m_t / (1-β₁ᵗ) + α n_t) / (√v̂_t + ε), where n averages gradients with β₃ near 1 and has no correction.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the fast average, above 0 and below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        beta_3: Decay of the slow average, above 0 and below 1.
        alpha: How much the slow average counts.
        warmup_steps: Over how many steps `alpha` grows from 0 and the slow decay from `beta_1`; None: at once.
        epsilon: Added to the root of the second moment after its bias is corrected.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is out of its range, `alpha` or `epsilon` is negative, or `warmup_steps` is below 1.

    Paper: Pagliardini et al. 2024, The AdEMAMix Optimizer: Better, Faster, Older, arXiv:2409.03137.

    What differs: the same numbers as `pytorch_optimizer.AdEMAMix(weight_decouple=True)`. The paper warms up over all
    of a training; here, as there, it has to be asked for.

    >>> from kzoo.optimizers import AdEMAMix
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = AdEMAMix(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)
    0.9
    """

    SLOTS = ("momentum", "slow_momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        beta_3: float = 0.9999,
        alpha: float = 5.0,
        warmup_steps: int | None = None,
        epsilon: float = 1e-8,
        name: str | None = "ademamix",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        for argument, value in (("beta_1", beta_1), ("beta_3", beta_3)):
            if not 0 < value < 1:
                raise ValueError(f"`{argument}` must be above 0 and below 1. Received: {argument}={value}")
        if warmup_steps is not None and not warmup_steps >= 1:
            raise ValueError(f"`warmup_steps` must be at least 1. Received: warmup_steps={warmup_steps}")
        self.beta_1 = float(beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.beta_3 = float(beta_3)
        self.alpha = not_negative("alpha", alpha)
        self.warmup_steps = warmup_steps
        self.epsilon = not_negative("epsilon", epsilon)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, slow, square = slots
        share, alpha = self._slow(time)
        moment = moved(moment, gradient, self.beta_1)
        slow = slow + (gradient - slow) * share
        square = moved(square, ops.square(gradient), self.beta_2)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        along = moment / one_minus_power(self.beta_1, time) + alpha * slow
        return decayed(weight, rate, decay) - rate * along / root, [moment, slow, square]

    def _slow(self, time):
        """1 - β₃ and α at a step. The half-life of the slow average, not β₃ itself, grows in a straight line."""
        if self.warmup_steps is None:
            return 1 - self.beta_3, self.alpha
        done = smaller(time / self.warmup_steps, 1)
        fast, slow = math.log(self.beta_1), math.log(self.beta_3)
        power = (fast * slow) / ((1 - done) * slow + done * fast)
        return larger(-ops.expm1(power), 1 - self.beta_3), done * self.alpha

    def get_config(self):
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "beta_3": self.beta_3,
            "alpha": self.alpha,
            "warmup_steps": self.warmup_steps,
            "epsilon": self.epsilon,
        }
        return {**super().get_config(), **own}
