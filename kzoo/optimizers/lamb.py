"""LAMB with weight decay inside the trust ratio."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, moved, not_negative, one_minus_power, smaller
from kzoo.optimizers.trust_ratio import norm, ratio_or_one


@keras.saving.register_keras_serializable("kzoo")
class LAMB(ExactOptimizer):
    """Adam whose step in each weight is scaled to that weight's norm: very large batches (You et al. 2019).

    u = m̂_t / (√v̂_t + ε) + λθ, θ ← θ - η u ‖θ‖ / ‖u‖; the ratio is 1 where a norm is 0.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        trust_clip: Keep the ratio at or below 1 (LAMBC).
        always_adapt: Scale weights that don't decay as well, as the paper does.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1) or `epsilon` is negative.

    Paper: You et al. 2019, Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, arXiv:1904.00962.

    What differs: the same numbers as `timm.optim.Lamb(max_grad_norm=None, always_adapt=True)` and `optax.lamb`; timm
    clips the global norm to 1, decays by .01 and doesn't always adapt unless told. `keras.optimizers.Lamb` decays
    outside the ratio.

    >>> from kzoo.optimizers import LAMB
    >>> import keras
    >>> weight = keras.Variable([3.0, 4.0])
    >>> optimizer = LAMB(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([0.0, 2.0])], [weight])
    >>> round(float(weight.numpy()[1]), 4)  # moved by 0.1 of the norm, which is 5
    3.5
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        trust_clip: bool = False,
        always_adapt: bool = True,
        name: str | None = "lamb",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.trust_clip = bool(trust_clip)
        self.always_adapt = bool(always_adapt)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square = slots
        moment = moved(moment, gradient, self.beta_1)
        square = moved(square, ops.square(gradient), self.beta_2)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        update = moment / one_minus_power(self.beta_1, time) / root
        if decay:
            update = update + decay * weight
        if decay or self.always_adapt:
            length = norm(update)
            ratio = ratio_or_one(norm(weight), length, length)
            update = update * (smaller(ratio, 1) if self.trust_clip else ratio)
        return weight - rate * update, [moment, square]

    def get_config(self):
        own = ("beta_1", "beta_2", "epsilon", "trust_clip", "always_adapt")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
