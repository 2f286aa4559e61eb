"""Adam-mini."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class AdamMini(ExactOptimizer):
    """Adam with one second moment for each block of a weight, not for each number (Zhang et al. 2024).

    m_t = β₁ m_{t-1} + (1-β₁) g_t, v_t = β₂ v_{t-1} + (1-β₂) mean(g_t²) over the block,
    θ ← θ - η m_t / (1-β₁ᵗ) / (√(v_t / (1-β₂ᵗ)) + ε).

    A block is what one output of a layer is made from: the last axis of a kernel tells blocks apart, of depthwise
    kernels the last two. Embeddings have a block for each row. In attention layers each head's query and key kernel
    is a block, and so is what makes one number of a value. Biases, scales and other vectors are one block each.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If a decay is outside [0, 1), or `epsilon` is negative.

    Paper: Zhang et al. 2024, Adam-mini: Use Fewer Learning Rates To Gain More, arXiv:2406.16793.

    What differs: `pytorch_optimizer.AdamMini` finds attention and embeddings by the names of Llama's layers, gives
    all else one block a tensor, embeddings a whole second moment, and has a learning rate of 1. Here embeddings are
    those with "embedding" in their path, attention is Keras's layers, whose parts are called `query`, `key`, `value`.

    >>> from kzoo.optimizers import AdamMini
    >>> import keras
    >>> kernel = keras.Variable([[1.0, 1.0], [1.0, 1.0]])
    >>> optimizer = AdamMini(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[1.0, 30.0], [7.0, 40.0]])], [kernel])
    >>> [[round(float(each), 3) for each in row] for row in kernel.numpy()]
    [[0.98, 0.915], [0.86, 0.887]]
    """

    SLOTS = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        name: str | None = "adam_mini",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)

    def add_slot(self, variable, name):
        if name == "momentum":
            return super().add_slot(variable, name)
        path = _path(variable)
        apart = _apart(path, len(variable.shape))
        shape = tuple(size if axis in apart else 1 for axis, size in enumerate(variable.shape))
        return self.add_variable(shape=shape, dtype=variable.dtype, name=f"{path.replace('/', '_')}_{name}")

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment = moved(slots[0], gradient, self.beta_1)
        within = tuple(axis for axis, blocks in enumerate(slots[1].shape) if blocks != gradient.shape[axis])
        count = max(math.prod(gradient.shape[axis] for axis in within), 1)
        # Not `ops.mean`, which rounds float64 to float32 on PyTorch.
        squares = (
            ops.sum(ops.square(gradient), axis=within, keepdims=True) if within else ops.square(gradient)
        )
        square = moved(slots[1], squares / count, self.beta_2)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        update = moment / (one_minus_power(self.beta_1, time) * root)
        return decayed(weight, rate, decay) - rate * update, [moment, square]

    def get_config(self):
        own = ("beta_1", "beta_2", "epsilon")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}


def _path(variable) -> str:
    return getattr(variable, "path", variable.name)


def _apart(path: str, rank: int) -> tuple[int, ...]:
    """The axes of a weight along which blocks lie side by side."""
    layer = path.split("/")[-2] if "/" in path else ""
    if rank < 2:
        return ()
    if "embedding" in path.lower():
        return (0,)
    if rank == 3 and layer in ("query", "key"):  # model × heads × numbers of a head
        return (1,)
    if (rank == 3 and layer == "value") or "depthwise" in path.lower():
        return (rank - 2, rank - 1)
    return (rank - 1,)
