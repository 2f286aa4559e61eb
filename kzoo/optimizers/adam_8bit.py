"""Adam with moments in 8 bits."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.arguments import count
from kzoo.optimizers.eight_bits import blocks_of, decoded, encoded
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class Adam8bit(ExactOptimizer):
    """Adam whose moments are kept in one byte each (Dettmers et al. 2021).

    Moments are cut into blocks; a block keeps its largest size, and of each number the nearest of 256 shares of that,
    which lie denser where they are small. A step decodes, moves and encodes them again; the step itself is made of the
    moments before they are rounded. 2.03 bytes a number instead of 8. Vectors and other weights of fewer numbers than
    `smallest`, and embeddings, keep whole moments.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        epsilon: Added to the root of the second moment after its bias is corrected.
        block_size: How many numbers share a scale, from 1.
        smallest: Weights of fewer numbers keep whole moments.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Dettmers et al. 2021, 8-bit Optimizers via Block-wise Quantization, arXiv:2110.02861.

    What differs: the same numbers as `torchao.optim.Adam8bit`, which leaves weights alone whose size isn't a multiple
    of 256; here the last block is shorter. `bitsandbytes.optim.Adam8bit` has the same codes.
    Embeddings are those with "embedding" in their path, left whole as in the paper.

    >>> from kzoo.optimizers import Adam8bit
    >>> import keras
    >>> weight = keras.Variable(keras.ops.ones((64, 64)))
    >>> optimizer = Adam8bit(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.ones((64, 64))], [weight])
    >>> round(float(weight.numpy()[0, 0]), 4)
    0.9
    >>> sorted({(each.dtype, tuple(each.shape)) for each in optimizer.variables if len(each.shape)})
    [('float32', (16,)), ('uint8', (64, 64))]
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        block_size: int = 256,
        smallest: int = 4096,
        name: str | None = "adam_8bit",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.epsilon = not_negative("epsilon", epsilon)
        self.block_size = count(block_size=block_size)
        self.smallest = count(smallest=smallest)

    def slots_for(self, variable):
        path = getattr(variable, "path", variable.name)
        if math.prod(variable.shape) < self.smallest or "embedding" in path.lower():
            return ("momentum", "velocity")
        return ("momentum_codes", "momentum_scales", "velocity_codes", "velocity_scales")

    def add_slot(self, variable, name):
        path = getattr(variable, "path", variable.name).replace("/", "_")
        if name.endswith("codes"):  # whatever they stand for: the scales are 0
            return self.add_variable(shape=variable.shape, dtype="uint8", name=f"{path}_{name}")
        if name.endswith("scales"):
            blocks = blocks_of(math.prod(variable.shape), self.block_size)
            return self.add_variable(shape=(blocks,), dtype="float32", name=f"{path}_{name}")
        return super().add_slot(variable, name)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        coded = len(slots) == 4
        moment, square = self._decoded(slots, weight.dtype) if coded else slots
        moment = moved(moment, gradient, self.beta_1)
        square = moved(square, ops.square(gradient), self.beta_2)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.epsilon
        step = rate * (moment / one_minus_power(self.beta_1, time)) / root
        kept = [moment, square]
        if coded:
            kept = [*encoded(moment, self.block_size, True), *encoded(square, self.block_size, False)]
        return decayed(weight, rate, decay) - step, kept

    def _decoded(self, slots, dtype):
        dtype = keras.backend.standardize_dtype(dtype)
        return (
            decoded(*slots[:2], self.block_size, True, dtype),
            decoded(*slots[2:], self.block_size, False, dtype),
        )

    def get_config(self):
        own = ("beta_1", "beta_2", "epsilon", "block_size", "smallest")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
