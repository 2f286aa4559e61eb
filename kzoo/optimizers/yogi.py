"""Yogi."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class Yogi(ExactOptimizer):
    """Adam whose second moment changes by no more than the new square: rates rise slowly (Zaheer et al. 2018).

    v_t = v_{t-1} - (1-β₂) sign(v_{t-1} - g_t²) g_t².

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        initial_accumulator_value: What both moments start from.
        debias_momentum: Correct the first moment's bias too.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1), or `epsilon` or the initial value is negative.

    Paper: Zaheer et al. 2018, Adaptive Methods for Nonconvex Optimization.

    What differs: the same numbers as `pytorch_optimizer.Yogi` (`debias_momentum` is `adam_debias` there, the other way
    round). `optax.yogi` always corrects both, and starts only the second moment from 1e-6. `weight_decay` is
    decoupled; `tfa.optimizers.Yogi` had L1 and L2 arguments instead.

    >>> from kzoo.optimizers import Yogi
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = Yogi(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([2.0])], [weight])
    >>> round(float(weight.numpy()[0]), 3)
    0.9
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.01,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-3,
        initial_accumulator_value: float = 1e-6,
        debias_momentum: bool = True,
        name: str | None = "yogi",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.initial_accumulator_value = not_negative("initial_accumulator_value", initial_accumulator_value)
        self.debias_momentum = bool(debias_momentum)

    def add_slot(self, variable, name):
        def start(shape, dtype=None):  # exact in float64, where Keras's Constant rounds to float32
            return ops.convert_to_tensor(np.full(shape, self.initial_accumulator_value), dtype)

        return self.add_variable_from_reference(variable, name=name, initializer=start)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment, square = slots
        moment = moved(moment, gradient, self.beta_1)
        new = ops.square(gradient)
        square = square - (1 - self.beta_2) * ops.sign(square - new) * new
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        scale = rate / one_minus_power(self.beta_1, time) if self.debias_momentum else rate
        return decayed(weight, rate, decay) - scale * moment / root, [moment, square]

    def get_config(self):
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "initial_accumulator_value": self.initial_accumulator_value,
            "debias_momentum": self.debias_momentum,
        }
        return {**super().get_config(), **own}
