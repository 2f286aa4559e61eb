"""Sophia."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.arguments import positive
from kzoo.optimizers.curved import Curved
from kzoo.optimizers.exact import below_one, decayed, larger, moved, not_negative, smaller


@keras.saving.register_keras_serializable("kzoo")
class Sophia(Curved):
    """Momentum divided by the curvature and clipped: second order for large models, at Adam's price (Liu et al. 2023).

    m_t = β₁ m_{t-1} + (1-β₁) g_t; every k steps h = β₂ h + (1-β₂) ĥ with Hutchinson's estimate ĥ = z ∘ H z of the
    Hessian's diagonal, z of random signs; θ ← θ - η clip(m_t / max(γ h, ε), ±1).

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable: how far a clipped weight goes.
        beta_1: Decay of the momentum, from 0 to below 1.
        beta_2: Decay of the curvature, from 0 to below 1.
        gamma: γ, above 0: what the curvature is multiplied by; a tenth to a half of the weights shouldn't be clipped.
        epsilon: What γ h counts as at least, so that weights without curvature go by sign.
        period: k, how many batches lie between two measurements; each costs about two training steps.
        samples: Draws of z a measurement takes.
        seed: An integer, of the draws.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    `fit` and recipes measure by themselves. In a loop of your own call `observe(curvatures, variables)` before `apply`
    every k steps; without it all steps go by sign.

    Raises:
        ValueError: If an argument is out of its range or (when compiled) the model has a train step of its own.

    Paper: Liu et al. 2023, Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training,
    arXiv:2305.14342.

    What differs: the paper's SophiaH, measured on the whole batch; SophiaG's estimate from sampled labels isn't here.
    `pytorch_optimizer.SophiaH` clips m / h at ±p: γ = p and a learning rate of p times its; its z are normal numbers,
    whose estimates vary more.

    >>> from kzoo.optimizers import Sophia
    >>> import keras
    >>> weight = keras.Variable([1.0, 1.0])
    >>> optimizer = Sophia(0.1, beta_1=0.0, beta_2=0.0, gamma=1.0)
    >>> optimizer.observe([keras.ops.convert_to_tensor([8.0, 1.0])], [weight])
    >>> optimizer.apply([keras.ops.convert_to_tensor([4.0, 4.0])], [weight])
    >>> [round(float(each), 4) for each in weight.numpy()]  # a half, and 4 clipped to 1
    [0.95, 0.9]
    """

    SLOTS = ("momentum", "curvature")

    def __init__(
        self,
        learning_rate=6e-4,
        beta_1: float = 0.96,
        beta_2: float = 0.99,
        gamma: float = 0.01,
        epsilon: float = 1e-12,
        period: int = 10,
        samples: int = 1,
        seed: int = 0,
        name: str | None = "sophia",
        **kwargs,
    ):
        super().__init__(period, samples, seed, learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.gamma = positive(gamma=gamma)
        self.epsilon = not_negative("epsilon", epsilon)

    def observed(self, curvature, slots):
        moment, average = slots
        return [moment, ops.where(ops.isfinite(curvature), moved(average, curvature, self.beta_2), average)]

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, average = slots
        moment = moved(moment, gradient, self.beta_1)
        least = ops.full((), max(self.epsilon, 1e-30), weight.dtype)
        along = moment / larger(self.gamma * average, least)
        return decayed(weight, rate, decay) - rate * larger(smaller(along, 1), -1), [moment, average]

    def get_config(self):
        own = ("beta_1", "beta_2", "gamma", "epsilon")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
