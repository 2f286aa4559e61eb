"""Adafactor that really factors."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, decayed, larger, not_negative, power, smaller
from kzoo.optimizers.sums import sum_of_squares


@keras.saving.register_keras_serializable("kzoo")
class Adafactor(ExactOptimizer):
    """Adam without momentum whose second moment is kept by rows and columns only (Shazeer and Stern 2018).

    A kernel of m × n costs m + n numbers of memory in place of Adam's 2mn. Kernels of more dimensions are factored
    along the last two; weights of rank 0 and 1 keep a whole second moment. Steps are relative to the root mean square
    of the weight, and clipped to a root mean square of `clip_threshold`.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable: the bound of the relative step min(η, 1/√t).
        beta_2_decay: c in β₂ = 1 - t^c, at most 0.
        epsilon_1: Keeps second moments away from 0; None is the dtype's own epsilon.
        epsilon_2: The least root mean square that a weight is taken to have.
        clip_threshold: The largest root mean square of a step before it is scaled, from 1.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Shazeer and Stern 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, arXiv:1804.04235.

    What differs: the same numbers as `torch.optim.Adafactor`. A convolution's kernel is factored along its input and
    output channels, the last two in Keras; in torch these are its height and width. `keras.optimizers.Adafactor`
    keeps a whole second moment beside the factors.

    >>> from kzoo.optimizers import Adafactor
    >>> import keras
    >>> weight = keras.Variable([[3.0, 4.0]])
    >>> optimizer = Adafactor(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[1.0, 1.0]])], [weight])
    >>> [round(float(each), 3) for each in weight.numpy()[0]]  # 0.1 · √12.5 less
    [2.646, 3.646]
    """

    def __init__(
        self,
        learning_rate=0.01,
        beta_2_decay: float = -0.8,
        epsilon_1: float | None = None,
        epsilon_2: float = 0.001,
        clip_threshold: float = 1.0,
        name: str | None = "adafactor",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if not beta_2_decay <= 0:
            raise ValueError(f"`beta_2_decay` must be at most 0. Received: beta_2_decay={beta_2_decay}")
        if not clip_threshold >= 1:
            raise ValueError(
                f"`clip_threshold` must be at least 1. Received: clip_threshold={clip_threshold}"
            )
        self.beta_2_decay = float(beta_2_decay)
        self.epsilon_1 = None if epsilon_1 is None else not_negative("epsilon_1", epsilon_1)
        self.epsilon_2 = not_negative("epsilon_2", epsilon_2)
        self.clip_threshold = float(clip_threshold)

    def slots_for(self, variable):
        return ("rows", "columns") if len(variable.shape) > 1 else ("velocity",)

    def add_slot(self, variable, name):
        if name == "velocity":
            return self.add_variable_from_reference(variable, name=name)
        *before, rows, columns = variable.shape
        shape = (*before, rows, 1) if name == "rows" else (*before, 1, columns)
        path = getattr(variable, "path", variable.name).replace("/", "_")
        return self.add_variable(shape=shape, dtype=variable.dtype, name=f"{path}_{name}")

    def step(self, weight, gradient, slots, *, rate, decay, time):
        epsilon = self.epsilon_1
        if epsilon is None:
            epsilon = 2.0**-52 if keras.backend.standardize_dtype(weight.dtype) == "float64" else 2.0**-23
        new = power(time, self.beta_2_decay)
        squares = ops.square(gradient)
        if len(slots) == 2:
            rows, columns = slots
            rows = rows + (_mean(squares, -1) - rows) * new
            columns = columns + (_mean(squares, -2) - columns) * new
            moved = [rows, columns]
            estimate = rows * columns / larger(_mean(rows, -2), epsilon)
        else:
            estimate = slots[0] + (squares - slots[0]) * new
            moved = [estimate]
        update = gradient / ops.sqrt(larger(estimate, epsilon * epsilon))
        size = larger(_root_mean_square(weight), self.epsilon_2)
        size = size * smaller(rate, 1 / ops.sqrt(time))
        size = size / larger(_root_mean_square(update) / self.clip_threshold, 1)
        return decayed(weight, rate, decay) - size * update, moved

    def get_config(self):
        own = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}


def _mean(tensor, axis: int):
    # `ops.mean` rounds float64 to float32 on PyTorch.
    return ops.sum(tensor, axis=axis, keepdims=True) / tensor.shape[axis]


def _root_mean_square(tensor):
    return ops.sqrt(sum_of_squares(tensor) / max(math.prod(tensor.shape), 1))
