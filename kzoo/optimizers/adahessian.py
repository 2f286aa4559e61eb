"""AdaHessian."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kzoo.arguments import share
from kzoo.optimizers.curved import Curved
from kzoo.optimizers.exact import below_one, decayed, moved, not_negative, one_minus_power, power


@keras.saving.register_keras_serializable("kzoo")
class AdaHessian(Curved):
    """Adam with the curvature in place of the gradient where that is squared (Yao et al. 2020).

    v_t = β₂ v_{t-1} + (1-β₂) ĥ² with Hutchinson's estimate ĥ = z ∘ H z of the Hessian's diagonal, z of random signs;
    θ ← θ - η m̂_t / (v̂_t^(k/2) + ε), m̂ and v̂ with their bias corrected.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable; about a hundred times Adam's.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root after its bias is corrected.
        hessian_power: k, from 0 to 1.
        average_kernels: Whether the curvature of a convolution's kernel is averaged over its positions, in absolute
            value.
        period: How many batches lie between two measurements; each costs about two training steps.
        samples: Draws of z a measurement takes.
        seed: An integer, of the draws.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    `fit` and recipes measure by themselves. In a loop of your own call `observe(curvatures, variables)` before
    `apply`; until then the gradient stands for the curvature, which is Adam.

    Raises:
        ValueError: If an argument is out of its range or (when compiled) the model has a train step of its own.

    Paper: Yao et al. 2020, ADAHESSIAN: An Adaptive Second Order Optimizer for Machine Learning, arXiv:2006.00719.

    What differs: the same numbers as `timm.optim.Adahessian`, whose `update_each` is `period`, without
    `loss.backward(create_graph=True)`. Where nothing is curved, as behind a ReLU that is asleep, steps are as long as
    ε allows: clip gradients.

    >>> from kzoo.optimizers import AdaHessian
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = AdaHessian(learning_rate=0.1)
    >>> optimizer.observe([keras.ops.convert_to_tensor([4.0])], [weight])
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)  # a tenth of 2 / 4
    0.95
    """

    SLOTS = ("momentum", "velocity", "curvature")

    def __init__(
        self,
        learning_rate=0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        hessian_power: float = 1.0,
        average_kernels: bool = False,
        period: int = 1,
        samples: int = 1,
        seed: int = 0,
        name: str | None = "adahessian",
        **kwargs,
    ):
        super().__init__(period, samples, seed, learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.hessian_power = share(hessian_power=hessian_power)
        self.average_kernels = bool(average_kernels)

    def add_slot(self, variable, name):
        if name != "curvature":
            return super().add_slot(variable, name)
        # No number until it is measured.
        unknown = keras.initializers.Constant(np.nan)
        return self.add_variable_from_reference(variable, name=name, initializer=unknown)

    def observed(self, curvature, slots):
        if self.average_kernels and len(curvature.shape) > 2:
            axes = tuple(range(len(curvature.shape) - 2))
            mean = ops.sum(ops.abs(curvature), axis=axes, keepdims=True) / float(
                np.prod(curvature.shape[:-2])
            )
            curvature = ops.broadcast_to(mean, curvature.shape)
        return [*slots[:2], ops.where(ops.isfinite(curvature), curvature, slots[2])]

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square, curvature = slots
        known = ops.where(ops.isfinite(curvature), curvature, gradient)
        moment = moved(moment, gradient, self.beta_1)
        square = moved(square, ops.square(known), self.beta_2)
        root = power(ops.sqrt(square / one_minus_power(self.beta_2, time)), self.hessian_power) + self.epsilon
        along = moment / one_minus_power(self.beta_1, time) / root
        return decayed(weight, rate, decay) - rate * along, [moment, square, curvature]

    def get_config(self):
        own = ("beta_1", "beta_2", "epsilon", "hessian_power", "average_kernels")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
