"""Attention within windows, with what patches think of each other's places: Swin's two ways."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from kzoo.arguments import count
from kzoo.initializers.truncated import TruncNormal
from kzoo.layers.relative_position_bias import relative_index
from kzoo.models.attention import merge_heads, split_heads
from kzoo.models.resampling import stretched
from kzoo.models.windows import ShiftedWindows, attend_in_windows


@keras.saving.register_keras_serializable("kzoo")
class WindowAttention(keras.layers.Layer):
    """Self-attention within windows, with a learned number for each way from patch to patch (Liu et al. 2021).

    Args:
        heads: Heads of attention.
        window: Rows and columns of a window; maps that are smaller have one of their own size.
        shifted: Whether the windows are moved by half of that.
        use_bias: Whether queries, keys and values have a bias.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a map `(batch, rows, columns, dim)`; the result has the same shape.

    Raises:
        ValueError: If the heads don't divide the channels.
    """

    def __init__(self, heads: int, window: int = 7, shifted: bool = False, use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.heads = count(heads=heads)
        self.window = count(window=window)
        self.shifted = bool(shifted)
        self.use_bias = bool(use_bias)

    def build(self, input_shape):
        _, rows, columns, dim = input_shape
        if dim % self.heads:
            raise ValueError(f"`heads` must divide the {dim} channels. Received: heads={self.heads}")
        self.windows = ShiftedWindows.fitting((rows, columns), self.window, self.shifted)
        self.build_places(*self.windows.window)
        self.build_dense(dim)

    def build_dense(self, dim: int) -> None:
        """Makes the layers that give queries, keys and values, and what becomes of the heads."""
        self.qkv = self.dense(dim, 3 * dim, "qkv", self.use_bias)
        self.proj = self.dense(dim, dim, "proj", True)

    def dense(self, inputs: int, units: int, name: str, use_bias: bool, **more: Any) -> keras.layers.Dense:
        """A dense layer of this one."""
        spread = TruncNormal(stddev=0.02)
        layer = keras.layers.Dense(
            units, use_bias=use_bias, kernel_initializer=spread, dtype=self.dtype_policy, name=name, **more
        )
        layer.build((None, inputs))
        return layer

    def build_places(self, rows: int, columns: int) -> None:
        """Makes what `bias` is computed from."""
        self.relative_position_bias_table = self.add_weight(
            shape=((2 * rows - 1) * (2 * columns - 1), self.heads),
            initializer=TruncNormal(stddev=0.02),
            name="relative_position_bias_table",
        )

    def bias(self) -> Any:
        """What is added to the scores, `(heads, area, area)`."""
        return self.by_way(self.relative_position_bias_table)

    def by_way(self, table: Any) -> Any:
        """A table `(ways, heads)` as a number for each pair of patches, `(heads, area, area)`."""
        return ops.transpose(ops.take(table, relative_index(*self.windows.window), axis=0), (2, 0, 1))

    def call(self, inputs):
        tokens = self.windows.split(inputs)
        query, key, value = split_heads(self.project(tokens), 3, self.heads)
        attended = self.attended(query, key, value)
        return self.windows.merge(self.proj(merge_heads(attended)))

    def project(self, tokens: Any) -> Any:
        """Queries, keys and values, one after the other along the channels."""
        return self.qkv(tokens)

    def attended(self, query: Any, key: Any, value: Any) -> Any:
        """What each patch saw."""
        return attend_in_windows(query, key, value, self.bias(), self.windows.mask())

    def resized(self, array: np.ndarray, name: str) -> np.ndarray:
        """The table of a square window, resampled for this one; as it is if it is no such."""
        side = math.isqrt(array.shape[0])
        if not name.endswith("relative_position_bias_table") or array.ndim != 2 or side**2 != len(array):
            return array
        ways = [2 * each - 1 for each in self.windows.window]
        table = stretched(array.reshape(side, side, -1), ways)
        return table.reshape(-1, array.shape[1]).astype(array.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"heads": self.heads, "window": self.window, "shifted": self.shifted, "use_bias": self.use_bias}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("kzoo")
class CosineWindowAttention(WindowAttention):
    """`WindowAttention` whose scores are cosines, and whose numbers for ways are a small network's (Liu et al. 2022).

    Args:
        heads: Heads of attention.
        window: Rows and columns of a window; maps that are smaller have one of their own size.
        shifted: Whether the windows are moved by half of that.
        use_bias: Whether queries and values have a bias; keys have none.
        trained_window: The window that the network was trained with, if that was another.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a map `(batch, rows, columns, dim)`; the result has the same shape.
    """

    def __init__(
        self,
        heads: int,
        window: int = 8,
        shifted: bool = False,
        use_bias: bool = True,
        trained_window: int | None = None,
        **kwargs,
    ):
        super().__init__(heads, window, shifted, use_bias, **kwargs)
        self.trained_window = trained_window

    def build_places(self, rows, columns):
        self.logit_scale = self.add_weight(
            shape=(self.heads, 1, 1),
            initializer=keras.initializers.Constant(math.log(10)),
            name="logit_scale",
        )
        self.first = self.dense(2, 512, "cpb_mlp.0", True, activation="relu")
        self.second = self.dense(512, self.heads, "cpb_mlp.2", False)

    def build_dense(self, dim):
        self.qkv = self.dense(dim, 3 * dim, "qkv", False)
        if self.use_bias:
            self.q_bias = self.add_weight(shape=(dim,), initializer="zeros", name="q_bias")
            self.v_bias = self.add_weight(shape=(dim,), initializer="zeros", name="v_bias")
        self.proj = self.dense(dim, dim, "proj", True)

    def project(self, tokens):
        projected = self.qkv(tokens)
        if not self.use_bias:
            return projected
        query, value = (ops.cast(each, projected.dtype) for each in (self.q_bias, self.v_bias))
        return projected + ops.concatenate([query, ops.zeros_like(query), value])

    def bias(self):
        return 16 * ops.sigmoid(self.by_way(self.second(self.first(self._ways()))))

    def _ways(self) -> np.ndarray:
        """Each way from patch to patch, `(ways, 2)`, so that 8 is as far as it goes, on a logarithmic scale."""
        axes = [np.arange(1 - each, each) for each in self.windows.window]
        farthest = [max((self.trained_window or each) - 1, 1) for each in self.windows.window]
        ways = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2) * 8 / farthest
        return (np.sign(ways) * np.log2(np.abs(ways) + 1) / np.log2(8)).astype("float32")

    def attended(self, query, key, value):
        largest = ops.exp(ops.minimum(self.logit_scale, math.log(100)))
        query, key = (_unit(each) for each in (query, key))
        query = query * ops.cast(largest, "float32")
        query, key = (ops.cast(each, value.dtype) for each in (query, key))
        return attend_in_windows(query, key, value, self.bias(), self.windows.mask(), scale=1.0)

    def resized(self, array, name):
        """Nothing depends on the window's size here."""
        return array

    def get_config(self):
        return {**super().get_config(), "trained_window": self.trained_window}


def _unit(x: Any) -> Any:
    """Vectors along the last axis, of length 1, in float32: half precision has no room for squares."""
    x = ops.cast(x, "float32")
    return x / ops.maximum(ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True)), 1e-12)
