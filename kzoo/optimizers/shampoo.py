"""Shampoo."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.optimizers.along_axes import add_axis_slot, axes_up_to, gram, times
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, larger


@keras.saving.register_keras_serializable("kzoo")
class Shampoo(ExactOptimizer):
    """Gradients are preconditioned along each axis of a weight by their own second moments (Gupta et al. 2018).

    For a matrix L ← L + G Gᵀ, R ← R + Gᵀ G, u = L^(-1/4) G R^(-1/4); with k axes the power is -1/(2k). L and R start as
    ε I. Momentum is of the preconditioned gradients: m ← μ m + u, θ ← θ - η m.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        epsilon: ε, above 0.
        largest: Axes longer than this aren't preconditioned: an axis of n costs n² numbers, and an eigenvalue problem
            a step.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Gupta et al. 2018, Shampoo: Preconditioned Stochastic Tensor Optimization, arXiv:1802.09568.

    What differs: the same as `pytorch_optimizer.Shampoo(momentum=0)` with SGD's momentum behind it; its own momentum
    mixes preconditioned and raw gradients. Roots are those of this step, no grafting. In float32 they are only as
    exact as the smallest eigenvalue: 1e-7 of the largest is lost in rounding.

    >>> from kzoo.optimizers import Shampoo
    >>> import keras
    >>> weight = keras.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> optimizer = Shampoo(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[4.0, 0.0], [0.0, 9.0]])], [weight])
    >>> [round(float(weight.numpy()[i, i]), 3) for i in (0, 1)]  # as if all singular values were 1
    [0.9, 0.9]
    """

    IN_ONE_PASS = False

    def __init__(
        self,
        learning_rate=0.1,
        momentum: float = 0.9,
        epsilon: float = 1e-6,
        largest: int = 1024,
        name: str | None = "shampoo",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if not epsilon > 0:
            raise ValueError(f"`epsilon` must be a positive number. Received: epsilon={epsilon}")
        if isinstance(largest, bool) or not largest >= 1:
            raise ValueError(f"`largest` must be a positive integer. Received: largest={largest}")
        self.momentum = below_one("momentum", momentum)
        self.epsilon = float(epsilon)
        self.largest = largest

    def slots_for(self, variable):
        axes = axes_up_to(self.largest, variable)
        return (*(("momentum",) if self.momentum else ()), *(f"moments_{axis}" for axis in axes))

    def add_slot(self, variable, name):
        if name == "momentum":
            return super().add_slot(variable, name)
        return add_axis_slot(self, variable, name)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        slots = list(slots)
        kept = [slots.pop(0)] if self.momentum else []
        axes = axes_up_to(self.largest, weight)
        update, moments = gradient, []
        for axis, sums in zip(axes, slots):
            sums = sums + gram(gradient, axis)
            moments.append(sums)
            update = times(update, self._root(sums, -1 / (2 * len(axes))), axis)
        if kept:
            kept = [self.momentum * kept[0] + update]
            update = kept[0]
        return decayed(weight, rate, decay) - rate * update, [*kept, *moments]

    def _root(self, matrix, exponent: float):
        """A power of ε I + matrix."""
        values, vectors = ops.eigh(matrix)
        values = ops.exp(ops.log(larger(values, 0) + self.epsilon) * exponent)
        return (vectors * values) @ ops.transpose(vectors)

    def get_config(self):
        own = ("momentum", "epsilon", "largest")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
