"""AMSGrad."""

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
    one_minus_power,
)


@keras.saving.register_keras_serializable("kzoo")
class AMSGrad(ExactOptimizer):
    """Adam that divides by the largest second moment so far, so that steps never grow again (Reddi et al. 2018).

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1) or `epsilon` is negative.

    Paper: Reddi et al. 2018, On the Convergence of Adam and Beyond, arXiv:1904.09237.

    What differs: the same numbers as `torch.optim.Adam(amsgrad=True)`; `keras.optimizers.Adam(amsgrad=True)` has
    epsilon 1e-7, beside the uncorrected root. `weight_decay` is decoupled, as in all of Keras (`torch.optim.AdamW`).

    >>> from kzoo.optimizers import AMSGrad
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = AMSGrad(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 4)
    0.9
    """

    SLOTS = ("momentum", "velocity", "largest_velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        name: str | None = "amsgrad",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square, largest = slots
        moment = moved(moment, gradient, self.beta_1)
        square = moved(square, ops.square(gradient), self.beta_2)
        largest = larger(largest, square)
        root = ops.sqrt(largest / one_minus_power(self.beta_2, time)) + self.epsilon
        step = rate / one_minus_power(self.beta_1, time) * moment / root
        return decayed(weight, rate, decay) - step, [moment, square, largest]

    def get_config(self):
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
