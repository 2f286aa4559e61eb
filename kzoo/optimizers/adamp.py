"""AdamP."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.exact import below_one, moved, not_negative, one_minus_power
from kzoo.optimizers.projection import ProjectedOptimizer


@keras.saving.register_keras_serializable("kzoo")
class AdamP(ProjectedOptimizer):
    """Adam that doesn't lengthen weights before a normalization, which would shorten its steps (Heo et al. 2020).

    Where the gradient of a kernel is nearly orthogonal to it, cos(θ, g) < δ / √n in all output channels or as a
    whole, the part of the step along θ is left out, and weight decay is multiplied by `decay_ratio`.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        delta: δ: what counts as orthogonal.
        decay_ratio: The share of weight decay for weights whose length doesn't matter, from 0 to 1.
        nesterov: Look one momentum step ahead.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Heo et al. 2020, AdamP: Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights,
    arXiv:2006.08217.

    What differs: the same numbers as `timm.optim.AdamP` and the authors' package on the transposed kernel: channels
    are on the last axis in Keras. `decay_ratio` is their wd_ratio. `pytorch_optimizer.AdamP` corrects the bias of
    epsilon as well.

    >>> from kzoo.optimizers import AdamP
    >>> import keras
    >>> weight = keras.Variable([[3.0], [4.0]])
    >>> optimizer = AdamP(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[4.0], [-3.0]])], [weight])
    >>> [round(float(each), 3) for each in weight.numpy()[:, 0]]  # Adam's step (-.1, .1) less .02 of the unit (.6, .8)
    [2.888, 4.084]
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        delta: float = 0.1,
        decay_ratio: float = 0.1,
        nesterov: bool = False,
        name: str | None = "adamp",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if not 0 <= decay_ratio <= 1:
            raise ValueError(f"`decay_ratio` must be from 0 to 1. Received: decay_ratio={decay_ratio}")
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.delta = not_negative("delta", delta)
        self.decay_ratio = float(decay_ratio)
        self.nesterov = bool(nesterov)

    def along(self, weight, gradient, slots, *, time):
        moment = moved(slots[0], gradient, self.beta_1)
        square = moved(slots[1], ops.square(gradient), self.beta_2)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        ahead = moved(moment, gradient, self.beta_1) if self.nesterov else moment
        return ahead / root, [moment, square]

    def rates(self, rate, time):
        return rate / one_minus_power(self.beta_1, time), rate

    def get_config(self):
        own = ("beta_1", "beta_2", "epsilon", "delta", "decay_ratio", "nesterov")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
