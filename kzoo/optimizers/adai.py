"""Adai."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kzoo.arguments import positive
from kzoo.optimizers.exact import below_one, decayed, larger, moved, one_minus_power, smaller
from kzoo.optimizers.over_all_weights import OverAllWeights


@keras.saving.register_keras_serializable("kzoo")
class Adai(OverAllWeights):
    """Momentum with an inertia for each number: the rate is SGD's, the momentum adapts (Xie et al. 2020).

    v as in Adam; μ = clip(1 - β₀ v̂ / mean(v̂), 0, 1-ε), the mean over all weights; m ← μ m + (1-μ) g,
    θ ← θ - η m / (1 - Π μ).

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable: about ten times that of SGD with momentum.
        beta_0: β₀, above 0: the share of a new gradient where v is as large as on average.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: ε, above 0 and below 1: the share that a new gradient has at least.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Xie et al. 2020, Adaptive Inertia: Disentangling the Effects of Adaptive Learning Rate and Momentum,
    arXiv:2006.15815.

    What differs: the same numbers as `pytorch_optimizer.Adai(weight_decouple=True)`, where mean(v̂) is at least .001
    besides, and the learning rate .001. `weight_decay` is decoupled, which is the paper's AdaiW.

    >>> from kzoo.optimizers import Adai
    >>> import keras
    >>> weight = keras.Variable([1.0, 1.0])
    >>> optimizer = Adai(learning_rate=0.1)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([2.0, 1.0])], [weight])
    >>> [round(float(each), 4) for each in weight.numpy()]  # no momentum along gradients that stay
    [0.6, 0.8]
    """

    SLOTS = ("momentum", "velocity", "inertia")

    def __init__(
        self,
        learning_rate=1.0,
        beta_0: float = 0.1,
        beta_2: float = 0.99,
        epsilon: float = 1e-3,
        name: str | None = "adai",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_0 = positive(beta_0=beta_0)
        self.beta_2 = below_one("beta_2", beta_2)
        if not 0 < epsilon < 1:
            raise ValueError(f"`epsilon` must be above 0 and below 1. Received: epsilon={epsilon}")
        self.epsilon = float(epsilon)

    def add_slot(self, variable, name):
        if name != "inertia":
            return super().add_slot(variable, name)
        return self.add_variable_from_reference(variable, name=name, initializer="ones")

    def build_shared(self):
        self._mean = self.add_shared("mean_square", 0.0)

    def measure(self, weight, gradient, slots, *, rate, time):
        total = ops.sum(moved(slots[1], ops.square(gradient), self.beta_2))
        return total, ops.full((), float(np.prod(weight.shape)), weight.dtype)

    def conclude(self, sums, *, rate, time):
        self.assign(self._mean, sums[0] / sums[1] / one_minus_power(self.beta_2, time))

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square, inertia = slots
        square = moved(square, ops.square(gradient), self.beta_2)
        mean = ops.cast(self._mean, weight.dtype)
        some = mean > 0
        relative = square / one_minus_power(self.beta_2, time) / ops.where(some, mean, ops.ones_like(mean))
        most = ops.full((), 1 - self.epsilon, weight.dtype)
        kept = smaller(larger(1 - self.beta_0 * relative, 0), most)
        inertia = inertia * kept
        moment = kept * moment + (1 - kept) * gradient
        return decayed(weight, rate, decay) - rate * moment / (1 - inertia), [moment, square, inertia]

    def get_config(self):
        own = ("beta_0", "beta_2", "epsilon")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
