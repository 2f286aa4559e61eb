"""How alike two pictures are in brightness, contrast and structure: what the losses and metrics of it compute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import ops

from kzoo.losses.precision import at_least_float32

# Wang et al. 2003: the weights of the scales, from the finest.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SMALLEST = 1e-12  # a fractional power has no finite slope at 0


def structural_similarity(
    y_true: Any,
    y_pred: Any,
    max_val: float = 1.0,
    window_size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    padding: str = "valid",
) -> Any:
    """SSIM of each picture: the mean over its pixels and channels (Wang et al. 2004).

    Args:
        y_true: Pictures, `(batch, height, width, channels)`.
        y_pred: Pictures of the same shape.
        max_val: The range of their values: 1 or 255.
        window_size: Width of the Gaussian window in pixels, odd.
        sigma: Standard deviation of the window in pixels.
        k1: Keeps the comparison of brightness from dividing by 0: c₁ = (k₁ max_val)².
        k2: Keeps that of contrast from it: c₂ = (k₂ max_val)².
        padding: "valid" for windows inside the picture only, "same" for one around every pixel of the picture
            reflected at its borders.

    Returns:
        `(batch,)`, from -1 to 1, float32 at least.

    Raises:
        ValueError: If they aren't pictures of one shape, or smaller than the window.
    """
    y_true, y_pred = _pictures(y_true, y_pred)
    _room(y_pred, window_size, padding)
    brightness, contrast = _compared(y_true, y_pred, max_val, window_size, sigma, (k1, k2), padding)
    return ops.mean(brightness * contrast, axis=(1, 2, 3))


def multi_scale_similarity(
    y_true: Any,
    y_pred: Any,
    max_val: float = 1.0,
    weights: Sequence[float] = SCALE_WEIGHTS,
    window_size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """MS-SSIM of each picture: contrast at every scale, brightness at the last (Wang et al. 2003).

    Each scale has half the size of the one before it, rounded up. Its mean contrast counts to the power of its
    weight; at the last one the mean SSIM takes its place. Where one of those means isn't above 0, the product is 0.

    Args:
        y_true: Pictures, `(batch, height, width, channels)`.
        y_pred: Pictures of the same shape.
        max_val: The range of their values: 1 or 255.
        weights: One power a scale, from the finest.
        window_size: Width of the Gaussian window in pixels, odd.
        sigma: Standard deviation of the window in pixels.
        k1: Keeps the comparison of brightness from dividing by 0: c₁ = (k₁ max_val)².
        k2: Keeps that of contrast from it: c₂ = (k₂ max_val)².

    Returns:
        `(batch,)`, from 0 to 1, float32 at least: the mean over the channels.

    Raises:
        ValueError: If they aren't pictures of one shape, or too small for the window at the last scale.
    """
    y_true, y_pred = _pictures(y_true, y_pred)
    _room(y_pred, window_size, "valid", len(weights))
    product = 1
    for scale, weight in enumerate(weights):
        if scale:
            y_true, y_pred = _halved(y_true), _halved(y_pred)
        brightness, contrast = _compared(y_true, y_pred, max_val, window_size, sigma, (k1, k2), "valid")
        last = scale == len(weights) - 1
        product = product * _power(ops.mean(brightness * contrast if last else contrast, axis=(1, 2)), weight)
    return ops.mean(product, axis=-1)


def _pictures(y_true, y_pred):
    y_true, y_pred = at_least_float32(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    same = len(y_true.shape) == len(y_pred.shape) == 4 and all(
        a is None or b is None or a == b for a, b in zip(y_true.shape, y_pred.shape, strict=True)
    )
    if not same:
        raise ValueError(
            "Expected pictures of one shape, (batch, height, width, channels). Received: "
            f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    return y_true, y_pred


def _room(pictures, window_size, padding, scales=1):
    """Refuses pictures that hold no window. Sizes known only at run time aren't looked at."""
    shrink = 2 ** (scales - 1)
    least = window_size // 2 + 1 if padding == "same" else (window_size - 1) * shrink + 1
    if any(size is not None and size < least for size in pictures.shape[1:3]):
        at_scales = f" at {scales} scales" if scales > 1 else ""
        raise ValueError(
            f"Expected pictures of at least {least} by {least} pixels, for a window of {window_size}{at_scales}. "
            f"Received: y_pred.shape={pictures.shape}"
        )


def _compared(y_true, y_pred, max_val, window_size, sigma, k, padding):
    """Brightness, and contrast with structure, window by window: `(batch, height, width, channels)` each."""
    c1, c2 = ((each * max_val) ** 2 for each in k)
    # A constant taken off a picture changes no variance, but what is left of it when squares are subtracted.
    offset_true, offset_pred = _middle(y_true), _middle(y_pred)
    y_true, y_pred = y_true - offset_true, y_pred - offset_pred
    maps = ops.concatenate(
        [y_true, y_pred, ops.square(y_true) + ops.square(y_pred), y_true * y_pred], axis=-1
    )
    mean_true, mean_pred, squares, product = ops.split(
        _blurred(maps, window_size, sigma, padding), 4, axis=-1
    )
    variances = squares - ops.square(mean_true) - ops.square(mean_pred)
    contrast = (2 * (product - mean_true * mean_pred) + c2) / (ops.relu(variances) + c2)
    contrast = ops.clip(contrast, -1, 1)  # further only by rounding, of values far beyond max_val
    mean_true, mean_pred = mean_true + offset_true, mean_pred + offset_pred
    # 1 - (a - b)² / (a² + b² + c₁), which is exact where both are equal
    between = ops.square(mean_true - mean_pred)
    return 1 - between / (ops.square(mean_true) + ops.square(mean_pred) + c1), contrast


def _middle(pictures):
    """Halfway from the darkest to the brightest pixel: of a constant picture exactly its level, as a mean is not."""
    brightest = ops.max(pictures, axis=(1, 2), keepdims=True, initial=float("-inf"))  # batches may be empty
    darkest = ops.min(pictures, axis=(1, 2), keepdims=True, initial=float("inf"))
    return ops.stop_gradient((brightest + darkest) / 2)


def _blurred(pictures, window_size, sigma, padding):
    """Each channel by itself, rows first, then columns."""
    half = window_size // 2
    if padding == "same":
        pictures = ops.swapaxes(_reflected(ops.swapaxes(_reflected(pictures, half), 1, 2), half), 1, 2)
    weights = [math.exp(-((i - half) ** 2) / (2 * sigma**2)) for i in range(window_size)]
    window = ops.convert_to_tensor([each / sum(weights) for each in weights], dtype=pictures.dtype)
    window = ops.tile(ops.reshape(window, (-1, 1, 1, 1)), (1, 1, pictures.shape[-1], 1))
    rows = ops.depthwise_conv(pictures, window, padding="valid", data_format="channels_last")
    columns = ops.transpose(window, (1, 0, 2, 3))
    return ops.depthwise_conv(rows, columns, padding="valid", data_format="channels_last")


def _reflected(pictures, width):
    """With so many more rows above and below; `ops.pad` refuses an empty batch on TensorFlow."""
    above, below = pictures[:, 1 : width + 1], pictures[:, -width - 1 : -1]
    return ops.concatenate([ops.flip(above, axis=1), pictures, ops.flip(below, axis=1)], axis=1)


def _halved(pictures):
    """Means of 2 by 2 pixels; of what there is at an odd border."""
    return ops.average_pool(pictures, 2, strides=2, padding="same", data_format="channels_last")


def _power(base, exponent):
    positive = base > _SMALLEST
    return ops.where(
        positive, ops.power(ops.where(positive, base, ops.ones_like(base)), exponent), ops.zeros_like(base)
    )
