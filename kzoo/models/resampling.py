"""Resampling of learned maps, such as places of patches, in NumPy, when weights are loaded for another size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def bicubic(
    picture: np.ndarray, size: Sequence[int], antialias: bool = True, sharpness: float = 0.5
) -> np.ndarray:
    """A picture of another size by cubic interpolation.

    Args:
        picture: `(height, width, channels)`.
        size: Height and width of the result.
        antialias: Whether, where the result is smaller, the cubics are as wide as what one place stands for.
        sharpness: How far the cubic goes below 0: .5 is Keys's, .75 what torch has without antialiasing.

    Returns:
        `(*size, channels)`, in float64.

    >>> from kzoo.models.resampling import bicubic
    >>> import numpy as np
    >>> bicubic(np.arange(4.0).reshape(1, 4, 1), (1, 2))[0, :, 0].round(3).tolist()
    [0.587, 2.413]
    """
    rows, columns = (_matrix(had, wanted, antialias, sharpness) for had, wanted in zip(picture.shape, size))
    return np.einsum("ah,hwc,bw->abc", rows, picture.astype("float64"), columns, optimize=True)


def _matrix(had: int, wanted: int, antialias: bool, sharpness: float) -> np.ndarray:
    """What each place of the result takes from each place there was."""
    scale = had / wanted
    centres = (np.arange(wanted) + 0.5) * scale
    reach = max(scale, 1.0) if antialias else 1.0
    if not antialias:  # places beyond the border are those at the border
        matrix = np.zeros((wanted, had))
        first = np.floor(centres - 0.5).astype(int) - 1
        for step in range(4):
            weights = _cubic(first + step + 0.5 - centres, sharpness)
            np.add.at(matrix, (np.arange(wanted), np.clip(first + step, 0, had - 1)), weights)
        return matrix
    weights = _cubic((np.arange(had) + 0.5 - centres[:, None]) / reach, sharpness)
    return weights / weights.sum(axis=1, keepdims=True)


def _cubic(x: np.ndarray, sharpness: float) -> np.ndarray:
    """Keys's cubic convolution kernel, 0 from 2 on."""
    x, a = np.abs(x), -sharpness
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def stretched(table: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A table of ways from patch to patch, for another window: what is near stays as it was, what is far is stretched.

    The distances that the table is for are spread in geometric progression over the new ones, so that the centre keeps
    its steps of 1 (as BEiT's authors did it), and what is between is linear.

    Args:
        table: `(rows, columns, heads)`, both odd; the middle is the way from a patch to itself.
        size: Rows and columns of the result, both odd.

    Returns:
        `(*size, heads)`, in float64.
    """
    rows, columns = (_stretch(had, wanted) for had, wanted in zip(table.shape, size))
    return np.einsum("ah,hwc,bw->abc", rows, table.astype("float64"), columns, optimize=True)


def _stretch(had: int, wanted: int) -> np.ndarray:
    """What each distance of the result takes from each distance there was."""
    steps, farthest = had // 2, wanted // 2
    low, high = 1.01, 1.5
    while high - low > 1e-6:
        ratio = (low + high) / 2
        low, high = (low, ratio) if sum(ratio**step for step in range(steps)) > farthest else (ratio, high)
    one_side = np.cumsum([1.0, *(ratio**step for step in range(1, steps))])[:steps]
    places = np.concatenate([-one_side[::-1], [0.0], one_side])
    after = np.arange(wanted) - farthest
    # Beyond the last distance there was, its number holds.
    return np.stack([np.interp(after, places, each) for each in np.eye(had)], axis=1)
