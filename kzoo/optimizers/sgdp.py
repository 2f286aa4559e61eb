"""SGDP."""

from __future__ import annotations

import keras

from kzoo.optimizers.exact import below_one, not_negative
from kzoo.optimizers.projection import ProjectedOptimizer


@keras.saving.register_keras_serializable("kzoo")
class SGDP(ProjectedOptimizer):
    """Momentum that doesn't lengthen weights before a normalization, which would shorten its steps (Heo et al. 2020).

    Where the gradient of a kernel is nearly orthogonal to it, cos(θ, g) < δ / √n in all output channels or as a
    whole, the part of the step along θ is left out, and weight decay is multiplied by `decay_ratio`.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        dampening: What share of a gradient doesn't enter the momentum, from 0 to 1.
        nesterov: Take Nesterov's momentum.
        epsilon: Added to the lengths that are divided by.
        delta: δ: what counts as orthogonal.
        decay_ratio: The share of weight decay for weights whose length doesn't matter, from 0 to 1.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` … `weight_decay` is divided
            by 1-μ, as far as momentum carries gradients.

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Heo et al. 2020, AdamP: Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights,
    arXiv:2006.08217.

    What differs: the same numbers as `timm.optim.SGDP` and the authors' package on the transposed kernel: channels
    are on the last axis in Keras. Momentum is .9 with Nesterov's, the paper's; 0 there. `decay_ratio` is wd_ratio.

    >>> from kzoo.optimizers import SGDP
    >>> import keras
    >>> weight = keras.Variable([[3.0], [4.0]])
    >>> optimizer = SGDP(learning_rate=0.1, momentum=0.0, nesterov=False)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[4.0], [-3.0]])], [weight])
    >>> [round(float(each), 3) for each in weight.numpy()[:, 0]]  # orthogonal: nothing is left out
    [2.6, 4.3]
    """

    SLOTS = ("momentum",)

    def __init__(
        self,
        learning_rate=0.1,
        momentum: float = 0.9,
        dampening: float = 0.0,
        nesterov: bool = True,
        epsilon: float = 1e-8,
        delta: float = 0.1,
        decay_ratio: float = 0.1,
        name: str | None = "sgdp",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        for argument, value in (("dampening", dampening), ("decay_ratio", decay_ratio)):
            if not 0 <= value <= 1:
                raise ValueError(f"`{argument}` must be from 0 to 1. Received: {argument}={value}")
        self.momentum = below_one("momentum", momentum)
        self.dampening = float(dampening)
        self.nesterov = bool(nesterov)
        self.epsilon = not_negative("epsilon", epsilon)
        self.delta = not_negative("delta", delta)
        self.decay_ratio = float(decay_ratio)

    def along(self, weight, gradient, slots, *, time):
        velocity = self.momentum * slots[0] + (1 - self.dampening) * gradient
        return gradient + self.momentum * velocity if self.nesterov else velocity, [velocity]

    def rates(self, rate, time):
        return rate, rate / (1 - self.momentum)

    def get_config(self):
        own = ("momentum", "dampening", "nesterov", "epsilon", "delta", "decay_ratio")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
