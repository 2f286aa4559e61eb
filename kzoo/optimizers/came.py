"""CAME."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.arguments import positive
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, larger, moved
from kzoo.optimizers.sums import sum_of_squares


@keras.saving.register_keras_serializable("kzoo")
class CAME(ExactOptimizer):
    """Adafactor with momentum, whose steps shrink where they aren't confident (Luo et al. 2023).

    u is the gradient over the root of a second moment that is kept by rows and columns, shortened to a root mean
    square of at most `clip_threshold`. m ← β₁ m + (1-β₁) u; how far steps stray, (u - m)², is averaged by rows and
    columns too, S; θ ← θ - η m / √S. Vectors keep a whole second moment and step along m.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the steps' average, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        beta_3: Decay of (u - m)², from 0 to below 1.
        epsilon_1: Added to squared gradients, above 0.
        epsilon_2: Added to (u - m)², above 0.
        clip_threshold: The longest root mean square of u, above 0.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Luo et al. 2023, CAME: Confidence-guided Adaptive Memory Efficient Optimization, arXiv:2307.02047.

    What differs: the same numbers as `pytorch_optimizer.CAME` and the authors' code. A convolution's kernel is factored
    along its input and output channels, the last two in Keras; there these are its height and width. Biases aren't
    corrected, as there: a kernel's first step is 11 learning rates long, so warm up.

    >>> from kzoo.optimizers import CAME
    >>> import keras
    >>> bias = keras.Variable([1.0, 1.0])
    >>> optimizer = CAME(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([3.0, -4.0])], [bias])
    >>> [round(float(each), 4) for each in bias.numpy()]
    [0.99, 1.01]
    """

    def __init__(
        self,
        learning_rate=0.0002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        beta_3: float = 0.9999,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-16,
        clip_threshold: float = 1.0,
        name: str | None = "came",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.beta_3 = below_one("beta_3", beta_3)
        self.epsilon_1 = positive(epsilon_1=epsilon_1)
        self.epsilon_2 = positive(epsilon_2=epsilon_2)
        self.clip_threshold = positive(clip_threshold=clip_threshold)

    def slots_for(self, variable):
        if len(variable.shape) < 2:
            return ("momentum", "velocity")
        return ("momentum", "rows", "columns", "stray_rows", "stray_columns")

    def add_slot(self, variable, name):
        if name in ("momentum", "velocity"):
            return super().add_slot(variable, name)
        *before, rows, columns = variable.shape
        shape = (*before, rows, 1) if name.endswith("rows") else (*before, 1, columns)
        path = getattr(variable, "path", variable.name).replace("/", "_")
        return self.add_variable(shape=shape, dtype=variable.dtype, name=f"{path}_{name}")

    def step(self, weight, gradient, slots, *, rate, decay, time):
        average, *moments = slots
        squares = ops.square(gradient) + self.epsilon_1
        if len(moments) == 1:
            moments = [moved(moments[0], squares, self.beta_2)]
            update = gradient / ops.sqrt(moments[0])
        else:
            moments[:2] = _factors(moments[:2], squares, self.beta_2)
            update = gradient * _inverse_root(*moments[:2])
        size = ops.sqrt(sum_of_squares(update) / max(math.prod(update.shape), 1))
        update = update / larger(size / self.clip_threshold, 1)
        average = moved(average, update, self.beta_1)
        along = average
        if len(moments) > 1:
            strays = ops.square(update - average) + self.epsilon_2
            moments[2:] = _factors(moments[2:], strays, self.beta_3)
            along = average * _inverse_root(*moments[2:])
        return decayed(weight, rate, decay) - rate * along, [average, *moments]

    def get_config(self):
        own = ("beta_1", "beta_2", "beta_3", "epsilon_1", "epsilon_2", "clip_threshold")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}


def _factors(factors, squares, decay: float):
    """Averages of the means of rows and of columns, after one more tensor of squares."""
    return [moved(each, _mean(squares, axis), decay) for each, axis in zip(factors, (-1, -2))]


def _inverse_root(rows, columns):
    """One over the root of rows · columns / mean(rows); of each first, as the product may be too small to hold."""
    return 1 / ops.sqrt(rows / _mean(rows, -2)) * (1 / ops.sqrt(columns))


def _mean(tensor, axis: int):
    # `ops.mean` rounds float64 to float32 on PyTorch.
    return ops.sum(tensor, axis=axis, keepdims=True) / tensor.shape[axis]
