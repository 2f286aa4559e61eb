"""GaLore."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.either import either
from kzoo.optimizers.low_rank import LowRank, sides


@keras.saving.register_keras_serializable("kzoo")
class GaLore(LowRank):
    """Adam on gradients that are projected onto their leading singular vectors (Zhao et al. 2024).

    For a matrix of m × n, n ≤ m, R = G P, with P the first `rank` right singular vectors of a gradient, taken anew
    every `update_gap` steps. Adam's step N of R goes back, θ ← θ - η scale N Pᵀ. 2 m r + n r numbers are kept
    instead of 2 m n. Weights of rank 1, embeddings, kernels whose shorter side is no longer than `rank`, and what
    `exclude` finds take Adam's steps.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        rank: r, the number of singular vectors, from 1.
        update_gap: How many steps a projection serves, from 1.
        scale: What steps that were projected are multiplied by.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment before its bias is corrected.
        exclude: Regular expressions: weights in whose path one is found aren't projected.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Zhao et al. 2024, GaLore: Memory-Efficient LLM Training by Gradient Low-Rank Projection, arXiv:2403.03507.

    What differs: the same numbers as the authors' `galore_torch.GaLoreAdamW` on the transposed kernel but for signs: a
    singular vector may point either way, which doesn't matter until the next projection, whose moments go on from
    those of the last. There the sign is LAPACK's, here new vectors point the way of the old. Decompositions are in the
    weight's dtype, there in float32. Decay comes after the step, as there.

    >>> from kzoo.optimizers import GaLore
    >>> import keras
    >>> kernel = keras.Variable([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    >>> optimizer = GaLore(learning_rate=0.1, rank=1, scale=1.0)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[3.0, 4.0], [3.0, 4.0], [-6.0, -8.0]])], [kernel])
    >>> [[round(float(each), 3) for each in row] for row in kernel.numpy()]  # 1 for each row, along (.6, .8)
    [[0.94, 0.92], [0.94, 0.92], [1.06, 1.08]]
    """

    PROJECTED = ("momentum", "velocity", "projection")

    def __init__(
        self,
        learning_rate=0.01,
        rank: int = 128,
        update_gap: int = 200,
        scale: float = 0.25,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        exclude: list[str] | None = None,
        name: str | None = "galore",
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

    def add_projected_slot(self, variable, name, full_name):
        if name != "projection":
            return super().add_projected_slot(variable, name, full_name)
        shape = (sides(variable.shape)[1], self.rank)
        return self.add_variable(shape=shape, dtype=variable.dtype, name=full_name)

    def projected_step(self, gradient, slots, *, time):
        *moments, projection = slots
        due = ops.equal(ops.mod(time - 1, self.update_gap), 0)
        projection = either(due, lambda: self._projection(gradient, projection), lambda: projection)
        # Operators: `ops.matmul` rounds float64 to float32 on PyTorch.
        along, moments = self.adam(gradient @ projection, moments)
        return self.scale * (along @ ops.transpose(projection)), [*moments, projection]

    def _projection(self, gradient, before):
        """The leading right singular vectors, each pointing the way of the one that it follows."""
        vectors = ops.transpose(ops.svd(gradient, full_matrices=False)[2])[:, : self.rank]
        turned = ops.sum(vectors * before, axis=0, keepdims=True) < 0
        return ops.where(turned, -vectors, vectors)
