"""What layers take and give, as pictures that TensorBoard can show."""

from __future__ import annotations

import math

import numpy as np

_MOST = 64  # channels in one picture


def pictures(values: np.ndarray, channels_first: bool = False) -> np.ndarray:
    """Batches of values as pictures in uint8.

    One or three channels are a picture in grey or in colour; of other numbers each channel is a tile in grey, at most
    64 of them side by side. Vectors are laid out as squares. Black is the smallest value of a sample, white the
    largest.

    Args:
        values: `(batch, height, width, channels)`, `(batch, height, width)`, `(batch, steps, channels)` likewise, or
            `(batch, units)`.
        channels_first: Whether the channels come right after the batch.

    Returns:
        `(batch, height, width, 1 or 3)`.

    >>> import numpy as np
    >>> pictures(np.arange(8.0).reshape(1, 2, 2, 2))[0, :, :, 0].tolist()
    [[0, 73, 0, 36, 109], [146, 219, 0, 182, 255]]
    """
    values = np.asarray(values, "float32")
    if values.ndim == 2:
        values = _square(values)
    if values.ndim == 3:
        values = values[..., None]
    if values.ndim != 4:
        raise ValueError(f"pictures are made of values with 2 to 4 axes. Received: shape={values.shape}")
    if channels_first:
        values = np.moveaxis(values, 1, -1)
    grey = _grey(values)
    return grey if grey.shape[-1] in (1, 3) else np.stack([_tiled(each) for each in grey])


def _square(values: np.ndarray) -> np.ndarray:
    side = math.ceil(math.sqrt(values.shape[1]))
    filled = np.pad(values, ((0, 0), (0, side * side - values.shape[1])), mode="edge")
    return filled.reshape(-1, side, side)


def _grey(values: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    least, most = (way(values, axis=(1, 2, 3), keepdims=True) for way in (np.min, np.max))
    return ((values - least) * (255 / np.where(most > least, most - least, 1))).round().astype("uint8")


def _tiled(picture: np.ndarray) -> np.ndarray:
    """The channels of one picture side by side, a black line between them."""
    height, width, channels = picture.shape
    channels = min(channels, _MOST)
    across = math.ceil(math.sqrt(channels))
    down = math.ceil(channels / across)
    grid = np.zeros((down * (height + 1) - 1, across * (width + 1) - 1, 1), "uint8")
    for number in range(channels):
        top, left = number // across * (height + 1), number % across * (width + 1)
        grid[top : top + height, left : left + width, 0] = picture[:, :, number]
    return grid
