"""APOLLO."""

from __future__ import annotations

import math
import zlib

import keras
import numpy as np
from keras import ops

from kzoo.arguments import one_of, whole_number
from kzoo.optimizers.exact import larger
from kzoo.optimizers.low_rank import LowRank
from kzoo.optimizers.seeded_normal import seeded_normal


@keras.saving.register_keras_serializable("kzoo")
class APOLLO(LowRank):
    """SGD whose channels have the lengths of Adam's steps, told from a random projection (Zhu et al. 2024).

    For a matrix of m × n, n ≤ m, R = G P, with P of normal numbers of variance 1/`rank`, drawn anew every `update_gap`
    steps. Adam's step N of R only says how long a row i of the gradient is to be:
    θ ← θ - η √scale · G_i ‖N_i‖ / ‖R_i‖, or the same for the whole matrix. Steps grow by 1 % at most. 2 m r numbers
    are kept instead of 2 m n; P isn't. Weights of rank 1, embeddings, kernels whose shorter side is no longer than
    `rank`, and what `exclude` finds take Adam's steps.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        rank: r, how many numbers a row is projected onto, from 1.
        update_gap: How many steps a projection serves, from 1.
        scale: Steps that were projected are multiplied by its root.
        scaling: `"channel"`, or `"tensor"` for one length a matrix.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment before its bias is corrected.
        exclude: Regular expressions: weights in whose path one is found aren't projected.
        seed: What the projections are drawn from, an integer; each weight has its own.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    APOLLO-Mini is `rank=1, scaling="tensor", scale=128`.

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Zhu et al. 2024, APOLLO: SGD-like Memory, AdamW-level Performance, arXiv:2412.05270.

    What differs: the same numbers as the authors' `apollo_torch.APOLLOAdamW` on the transposed kernel, given the
    same P; each library draws another one, here it is the same on every backend. A matrix whose first gradient is 0
    isn't kept from growing. `pytorch_optimizer.APOLLO` scales the projected gradient and projects it back, which isn't
    the paper's. Decay comes after the step, as with the authors.

    >>> from kzoo.optimizers import APOLLO
    >>> import keras
    >>> kernel = keras.Variable([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    >>> optimizer = APOLLO(learning_rate=0.1, rank=1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[3.0, 4.0], [3.0, 4.0], [-6.0, -8.0]])], [kernel])
    >>> ratios = (1 - kernel.numpy()) / [[3.0, 4.0], [3.0, 4.0], [-6.0, -8.0]]
    >>> [[round(float(each / ratios[0, 0]), 3) for each in row] for row in ratios]  # rows become equally long
    [[1.0, 1.0], [1.0, 1.0], [0.5, 0.5]]
    """

    PROJECTED = ("momentum", "velocity", "length", "seed")

    def __init__(
        self,
        learning_rate=0.01,
        rank: int = 128,
        update_gap: int = 200,
        scale: float = 1.0,
        scaling: str = "channel",
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        exclude: list[str] | None = None,
        seed: int = 0,
        name: str | None = "apollo",
        **kwargs,
    ):
        super().__init__(
            learning_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            rank=rank,
            update_gap=update_gap,
            scale=scale,
            exclude=exclude,
            name=name,
            **kwargs,
        )
        self.scaling = one_of("channel", "tensor", scaling=scaling)
        self.seed = whole_number(least=0, seed=seed)

    def add_projected_slot(self, variable, name, full_name):
        if name == "length":  # of the last step
            return self.add_variable(shape=(), dtype=variable.dtype, name=full_name)
        if name == "seed":
            number = zlib.crc32(f"{self.seed} {self._get_variable_index(variable)}".encode()) >> 1
            return self.add_variable(
                shape=(),
                initializer=lambda shape, dtype=None: ops.convert_to_tensor(np.full(shape, number, "int32")),
                dtype="int32",
                name=full_name,
            )
        return super().add_projected_slot(variable, name, full_name)

    def projected_step(self, gradient, slots, *, time):
        *moments, last, seed = slots
        shape = (gradient.shape[1], self.rank)
        which = ops.cast(ops.floor_divide(time - 1, self.update_gap), "int32")
        dtype = keras.backend.standardize_dtype(gradient.dtype)
        projected = gradient @ (seeded_normal(shape, seed, which, dtype) / math.sqrt(self.rank))
        along, moments = self.adam(projected, moments)
        axis = 1 if self.scaling == "channel" else None
        step = gradient * (_norm(along, axis) / (_norm(projected, axis) + 1e-8))
        length = _norm(step, None)
        # A step that follows one of 0 is as long as it likes.
        growth = ops.where(last > 0, larger(length / (last + 1e-8) / 1.01, 1), ops.ones_like(length))
        length = length / growth
        step = step / growth
        return math.sqrt(self.scale) * step, [*moments, ops.reshape(length, ()), seed]

    def get_config(self):
        return {**super().get_config(), "scaling": self.scaling, "seed": self.seed}


def _norm(tensor, axis: int | None):
    return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=True))
