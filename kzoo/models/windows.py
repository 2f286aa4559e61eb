"""Windows that attention stays within, and that move every other block (Liu et al. 2021)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kzoo.models.attention import attend

# What is added to the score of two patches that met only because the map was rolled.
_APART = -100.0


@dataclasses.dataclass(frozen=True)
class ShiftedWindows:
    """A map's windows.

    Args:
        size: Rows and columns of the map.
        window: Rows and columns of a window; a map that they don't fill is padded with zeros below and to the right.
        shift: By how many rows and columns the map is rolled before.
    """

    size: tuple[int, int]
    window: tuple[int, int]
    shift: tuple[int, int]

    @classmethod
    def fitting(cls, size: Sequence[int], window: int, shifted: bool) -> ShiftedWindows:
        """Windows as large as wanted, or as the map where that is smaller; one as large as the map doesn't move."""
        fitted = tuple(min(each, window) for each in size)
        shift = tuple(window // 2 if shifted and each > window else 0 for each in size)
        return cls(tuple(size), fitted, shift)  # type: ignore[arg-type]

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns with what is padded."""
        rows, columns = (-(-each // window) * window for each, window in zip(self.size, self.window))
        return rows, columns

    @property
    def count(self) -> int:
        """How many windows there are."""
        return self.padded[0] // self.window[0] * (self.padded[1] // self.window[1])

    @property
    def area(self) -> int:
        """How many patches a window has."""
        return self.window[0] * self.window[1]

    def split(self, x: Any) -> Any:
        """A map `(batch, rows, columns, dim)` as windows `(batch·windows, area, dim)`."""
        if any(self.shift):
            x = ops.roll(x, tuple(-each for each in self.shift), axis=(1, 2))
        below, right = (padded - each for padded, each in zip(self.padded, self.size))
        if below or right:
            x = ops.pad(x, ((0, 0), (0, below), (0, right), (0, 0)))
        return ops.reshape(self._cut(x, x.shape[-1]), (-1, self.area, x.shape[-1]))

    def merge(self, x: Any) -> Any:
        """What `split` made, as a map again."""
        (rows, columns), (height, width), dim = self.padded, self.window, x.shape[-1]
        x = ops.reshape(x, (-1, rows // height, columns // width, height, width, dim))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, rows, columns, dim))
        x = x[:, : self.size[0], : self.size[1]]
        return ops.roll(x, self.shift, axis=(1, 2)) if any(self.shift) else x

    def mask(self) -> np.ndarray | None:
        """What is added to scores, `(windows, area, area)`; None where nothing was rolled."""
        if not any(self.shift):
            return None
        parts = []
        for length, window, shift in zip(self.padded, self.window, self.shift):
            part = np.zeros(length, int)
            if shift:
                part[length - window :], part[length - shift :] = 1, 2
            parts.append(part)
        parts_of_map = (3 * parts[0][:, None] + parts[1])[None, :, :, None]
        of_window = np.reshape(self._cut(parts_of_map, 1), (self.count, self.area))
        return np.where(of_window[:, None] == of_window[:, :, None], 0.0, _APART).astype("float32")

    def _cut(self, x: Any, dim: int) -> Any:
        """A padded map as `(batch, …, window's rows, window's columns, dim)`."""
        (rows, columns), (height, width) = self.padded, self.window
        shape, order = (-1, rows // height, height, columns // width, width, dim), (0, 1, 3, 2, 4, 5)
        if isinstance(x, np.ndarray):
            return x.reshape(shape).transpose(order)
        return ops.transpose(ops.reshape(x, shape), order)


def attend_in_windows(
    query: Any, key: Any, value: Any, bias: Any, mask: np.ndarray | None, scale: float | None = None
) -> Any:
    """Attention in each window.

    Args:
        query: `(batch·windows, heads, area, dim)`.
        key: Alike.
        value: Alike.
        bias: What is added to scores of each head, `(heads, area, area)`.
        mask: What is added to those of each window, `(windows, area, area)`, or None.
        scale: What scores are multiplied with; None for 1/√dim.

    Returns:
        `(batch·windows, heads, area, dim)`.
    """
    if mask is None:
        return attend(query, key, value, bias[None], scale)
    _, heads, area, dim = query.shape
    bias = ops.cast(bias, "float32")[None] + ops.convert_to_tensor(mask[:, None])
    shape = (-1, len(mask) * heads, area, dim)
    query, key, value = (ops.reshape(each, shape) for each in (query, key, value))
    attended = attend(query, key, value, ops.reshape(bias, (1, -1, area, area)), scale)
    return ops.reshape(attended, (-1, heads, area, dim))


@keras.saving.register_keras_serializable("kzoo")
class NeighboursAsChannels(keras.layers.Layer):
    """Four neighbours of a map as one place of four times as many channels, column by column.

    Call it with `(batch, rows, columns, dim)`; the result is half as high and wide. Odd sizes are padded with zeros.
    """

    def call(self, inputs):
        _, rows, columns, dim = inputs.shape
        below, right = rows % 2, columns % 2
        if below or right:
            inputs = ops.pad(inputs, ((0, 0), (0, below), (0, right), (0, 0)))
        rows, columns = (rows + below) // 2, (columns + right) // 2
        parts = ops.transpose(ops.reshape(inputs, (-1, rows, 2, columns, 2, dim)), (0, 1, 3, 4, 2, 5))
        return ops.reshape(parts, (-1, rows, columns, 4 * dim))

    def compute_output_shape(self, input_shape):
        batch, rows, columns, dim = input_shape
        return (batch, (rows + 1) // 2, (columns + 1) // 2, 4 * dim)
