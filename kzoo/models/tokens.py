"""Learned tokens in front of a picture's patches, and learned places, which can be resampled to another size."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kzoo.arguments import count, whole_number
from kzoo.initializers.truncated import TruncNormal
from kzoo.models.resampling import bicubic


@keras.saving.register_keras_serializable("kzoo")
class PrefixTokens(keras.layers.Layer):
    """Puts learned tokens in front of all others: a class token, a distillation token, registers.

    Its weight `(1, tokens, dim)` is called like the layer.

    Args:
        tokens: How many.
        stddev: Standard deviation of what they start from.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with `(batch, length, dim)`; the result is `(batch, tokens + length, dim)`.
    """

    def __init__(self, tokens: int = 1, stddev: float = 1e-6, **kwargs):
        super().__init__(**kwargs)
        self.tokens = count(tokens=tokens)
        self.stddev = float(stddev)

    def build(self, input_shape):
        self.learned = self.add_weight(
            shape=(1, self.tokens, input_shape[-1]),
            initializer=TruncNormal(stddev=self.stddev),
            name=self.name.rpartition(".")[2],
        )

    def call(self, inputs):
        shape = (ops.shape(inputs)[0], self.tokens, inputs.shape[-1])
        return ops.concatenate(
            [ops.broadcast_to(ops.cast(self.learned, inputs.dtype), shape), inputs], axis=1
        )

    def compute_output_shape(self, input_shape):
        length = None if input_shape[1] is None else input_shape[1] + self.tokens
        return (input_shape[0], length, input_shape[2])

    def get_config(self):
        return {**super().get_config(), "tokens": self.tokens, "stddev": self.stddev}


@keras.saving.register_keras_serializable("kzoo")
class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector to each token (Dosovitskiy et al. 2021), so that it is known where a patch is.

    Its weight `(1, length, dim)` is called like the layer. One of another size is resampled when it is loaded.

    Args:
        grid: Rows and columns of patches.
        prefix: How many tokens in front are no patches.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with `(batch, length, dim)`, where length is `prefix + rows·columns`; the result has the same shape.
    """

    def __init__(self, grid: tuple[int, int] | list[int], prefix: int = 0, **kwargs):
        super().__init__(**kwargs)
        rows, columns = grid
        self.grid = [count(grid=rows), count(grid=columns)]
        self.prefix = whole_number(prefix=prefix, least=0)

    def build(self, input_shape):
        length = self.prefix + self.grid[0] * self.grid[1]
        if input_shape[1] != length:
            raise ValueError(
                f"Expected {length} tokens for {self.grid=}, {self.prefix=}. Received: {input_shape}"
            )
        self.learned = self.add_weight(
            shape=(1, length, input_shape[-1]),
            initializer=TruncNormal(stddev=0.02),
            name=self.name.rpartition(".")[2],
        )

    def call(self, inputs):
        return inputs + ops.cast(self.learned, inputs.dtype)

    def resized(self, array: np.ndarray, name: str) -> Any:
        """Places of a square of patches, resampled for this one; as they are if they are no such."""
        side = int(max(array.shape[1] - self.prefix, 0) ** 0.5)
        if array.ndim != 3 or side < 1 or side**2 != array.shape[1] - self.prefix:
            return array
        prefix, places = array[:, : self.prefix], array[0, self.prefix :].reshape(side, side, -1)
        places = bicubic(places, self.grid).reshape(1, -1, array.shape[2])
        return np.concatenate([prefix, places.astype(array.dtype)], axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "grid": self.grid, "prefix": self.prefix}
