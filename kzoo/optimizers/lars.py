"""LARS."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, not_negative, smaller
from kzoo.optimizers.trust_ratio import norm, ratio_or_one


@keras.saving.register_keras_serializable("kzoo")
class LARS(ExactOptimizer):
    """Momentum whose steps are in proportion to the norm of each weight: very large batches (You et al. 2017).

    g ← (g + λθ) · c ‖θ‖ / (‖g‖ + λ‖θ‖ + ε), then m_t = μ m_{t-1} + g, θ ← θ - η m_t. Weights of rank 0 and 1, biases
    and norms, take plain momentum steps without decay.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        nesterov: Take Nesterov's momentum.
        trust_coefficient: c, the share of its norm that a weight moves with a learning rate of 1.
        epsilon: Added to the norms that are divided by.
        trust_clip: Never go further than plain momentum would (LARC).
        always_adapt: Scale weights that don't decay as well.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If `momentum` is outside [0, 1), or another number is negative.

    Paper: You et al. 2017, Large Batch Training of Convolutional Networks, arXiv:1708.03888.

    What differs: the same numbers as `timm.optim.Lars` with biases and norms in a group without decay;
    `always_adapt` is off and `momentum` 0 there. `weight_decay` is inside the ratio: it isn't decoupled.

    >>> from kzoo.optimizers import LARS
    >>> import keras
    >>> weight = keras.Variable([[3.0, 4.0]])
    >>> optimizer = LARS(learning_rate=1.0, trust_coefficient=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[0.0, 2.0]])], [weight])
    >>> round(float(weight.numpy()[0, 1]), 4)  # moved by 0.1 of the norm, which is 5
    3.5
    """

    def __init__(
        self,
        learning_rate=1.0,
        momentum: float = 0.9,
        nesterov: bool = False,
        trust_coefficient: float = 0.001,
        epsilon: float = 1e-8,
        trust_clip: bool = False,
        always_adapt: bool = True,
        name: str | None = "lars",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = below_one("momentum", momentum)
        if nesterov and not momentum:
            raise ValueError(f"`nesterov` needs a momentum above 0. Received: momentum={momentum}")
        self.nesterov = bool(nesterov)
        self.trust_coefficient = not_negative("trust_coefficient", trust_coefficient)
        self.epsilon = not_negative("epsilon", epsilon)
        self.trust_clip = bool(trust_clip)
        self.always_adapt = bool(always_adapt)

    def slots_for(self, variable):
        return ("momentum",) if self.momentum else ()

    def step(self, weight, gradient, slots, *, rate, decay, time):
        if len(weight.shape) > 1 and (decay or self.always_adapt):
            ratio = self._trust_ratio(norm(weight), norm(gradient), rate, decay)
            gradient = (gradient + decay * weight) * ratio
        if not slots:
            return weight - rate * gradient, []
        velocity = self.momentum * slots[0] + gradient
        along = gradient + self.momentum * velocity if self.nesterov else velocity
        return weight - rate * along, [velocity]

    def _trust_ratio(self, weight_norm, gradient_norm, rate, decay):
        denominator = gradient_norm + decay * weight_norm + self.epsilon
        usable = ops.logical_and(weight_norm > 0, gradient_norm > 0)
        ratio = ratio_or_one(weight_norm, denominator, gradient_norm)
        ratio = ops.where(usable, self.trust_coefficient * ratio, ratio)
        return smaller(ratio / rate, 1) if self.trust_clip else ratio

    def get_config(self):
        own = ("momentum", "nesterov", "trust_coefficient", "epsilon", "trust_clip", "always_adapt")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
