"""The operations of RandAugment on one picture of 8 bits, with the strengths that torchvision gives them."""

from __future__ import annotations

import math
from typing import Any

from kzoo.augmentations.eight_bits import grey_of, to_bytes

OPERATIONS = (
    "identity",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "brightness",
    "color",
    "contrast",
    "sharpness",
    "posterize",
    "solarize",
    "auto_contrast",
    "equalize",
)
_MOVING = 5  # those after the first that move pixels


def operation(backend: Any, image: Any, which: Any, sign: Any, strength: float, fill: int) -> Any:
    """Changes a picture by one operation; only that one is computed.

    Args:
        backend: What computes: Keras's backend, or one of its.
        image: uint8 of shape (height, width, 1 or 3).
        which: Its number in `OPERATIONS`, a scalar tensor.
        sign: 1.0 or -1.0, a scalar tensor: which way it goes.
        strength: From 0 to 1.
        fill: The value of what comes in from outside.

    Returns:
        uint8, shape unchanged.
    """
    blended = 1.0 + 0.9 * strength * sign
    branches = [
        lambda: image,
        lambda: _moved(backend, image, _matrix(backend, image.shape, which, sign, strength), fill),
        lambda: to_bytes(backend, _values(backend, image) * blended),
        lambda: _with_color(backend, image, blended),
        lambda: _with_contrast(backend, image, blended),
        lambda: _sharpened(backend, image, blended),
        lambda: image // (2 ** round(4 * strength)) * (2 ** round(4 * strength)),
        lambda: _solarized(backend, image, 255.0 * (1.0 - strength)),
        lambda: _auto_contrast(backend, image),
        lambda: _equalized(backend, image),
    ]
    numpy = backend.numpy
    branch = numpy.where(which == 0, 0, numpy.where(which <= _MOVING, 1, which - _MOVING + 1))
    return backend.core.switch(branch, branches)


# Moving pixels --------------------------------------------------------------------------------------------------


def _matrix(backend: Any, shape: Any, which: Any, sign: Any, strength: float) -> list[Any]:
    """From where each pixel is taken: x' = a x + b y + c, y' = d x + e y + f, pixels' middles at halves."""
    numpy = backend.numpy
    height, width = shape[0], shape[1]

    def when(number: int, value: Any, other: Any) -> Any:
        return numpy.where(which == number, value, other)

    shear = 0.3 * strength * sign
    across, down = (sign * math.trunc(150 / 331 * side * strength) for side in (width, height))
    angle = -math.pi / 6 * strength * sign
    cosine, sine = when(5, numpy.cos(angle), 1.0), when(5, numpy.sin(angle), 0.0)
    x, y = width / 2, height / 2
    return [
        cosine,
        when(1, shear, sine),
        when(3, -across, when(5, x - cosine * x - sine * y, 0.0)),
        when(2, shear, -sine),
        cosine,
        when(4, -down, when(5, y + sine * x - cosine * y, 0.0)),
    ]


def _moved(backend: Any, image: Any, matrix: list[Any], fill: int) -> Any:
    """Takes each pixel from the nearest one to where the matrix says; what lies outside is `fill`."""
    numpy = backend.numpy
    height, width, channels = image.shape
    a, b, c, d, e, f = matrix
    x = numpy.arange(width, dtype="float32")[None, :] + 0.5
    y = numpy.arange(height, dtype="float32")[:, None] + 0.5
    column = backend.cast(numpy.floor(a * x + b * y + c), "int32")
    row = backend.cast(numpy.floor(d * x + e * y + f), "int32")
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    index = numpy.clip(row, 0, height - 1) * width + numpy.clip(column, 0, width - 1)
    # A pixel at a time, all its channels: XLA would look up each channel of its own many times slower.
    taken = numpy.take(numpy.reshape(image, (height * width, channels)), index, axis=0)
    return numpy.where(inside[..., None], taken, backend.cast(fill, "uint8"))


# Changing values ------------------------------------------------------------------------------------------------


def _values(backend: Any, image: Any) -> Any:
    return backend.cast(image, "float32")


def _grey(backend: Any, image: Any) -> Any:
    """The grey picture in whole numbers, shape (height, width, 1)."""
    values = _values(backend, image)
    return values if image.shape[-1] == 1 else backend.numpy.round(grey_of(backend, values))[..., None]


def _blended(backend: Any, dull: Any, image: Any, factor: Any) -> Any:
    return to_bytes(backend, dull + (_values(backend, image) - dull) * factor)


def _with_color(backend: Any, image: Any, factor: Any) -> Any:
    return _blended(backend, _grey(backend, image), image, factor)


def _with_contrast(backend: Any, image: Any, factor: Any) -> Any:
    mean = backend.numpy.floor(backend.numpy.mean(_grey(backend, image)) + 0.5)
    return _blended(backend, mean, image, factor)


def _sharpened(backend: Any, image: Any, factor: Any) -> Any:
    """Away from the picture in which each pixel is mixed with its neighbours, or towards it; the border stays."""
    numpy = backend.numpy
    values = _values(backend, image)
    height, width, _ = image.shape
    if height < 3 or width < 3:
        return image
    columns = values[:, :-2] + values[:, 1:-1] + values[:, 2:]
    around = columns[:-2] + columns[1:-1] + columns[2:] + 4.0 * values[1:-1, 1:-1]
    smooth = numpy.floor(around / 13.0 + 0.5)
    middle = to_bytes(backend, smooth + (values[1:-1, 1:-1] - smooth) * factor)
    inner = numpy.concatenate([image[1:-1, :1], middle, image[1:-1, -1:]], axis=1)
    return numpy.concatenate([image[:1], inner, image[-1:]], axis=0)


def _solarized(backend: Any, image: Any, threshold: float) -> Any:
    return backend.numpy.where(_values(backend, image) < threshold, image, 255 - image)


def _auto_contrast(backend: Any, image: Any) -> Any:
    numpy = backend.numpy
    values = _values(backend, image)
    low = numpy.min(values, axis=(0, 1), keepdims=True)
    span = numpy.max(values, axis=(0, 1), keepdims=True) - low
    stretched = (values - low) * (255.0 / numpy.where(span == 0, 1.0, span))
    return numpy.where(span == 0, image, to_bytes(backend, stretched))


def _equalized(backend: Any, image: Any) -> Any:
    """Each channel through a table that makes its values equally frequent, as Pillow makes it."""
    numpy = backend.numpy
    height, width, channels = image.shape
    each = numpy.arange(channels, dtype="int32") * 256  # where a channel's numbers begin
    places = backend.cast(image, "int32") + each
    flat = numpy.reshape(places, (height * width * channels,))
    counts = backend.math.segment_sum(numpy.ones_like(flat), flat, num_segments=256 * channels)
    counts = numpy.reshape(counts, (channels, 256))
    last = numpy.max(places, axis=(0, 1)) - each
    is_last = numpy.arange(256, dtype="int32")[None, :] == last[:, None]
    step = (height * width - numpy.sum(numpy.where(is_last, counts, 0), axis=1, keepdims=True)) // 255
    below = numpy.cumsum(counts, axis=1) - counts
    table = numpy.minimum((step // 2 + below) // numpy.maximum(step, 1), 255)
    made = numpy.take(numpy.reshape(table, (256 * channels,)), places, axis=0)
    return numpy.where(step[:, 0] == 0, image, backend.cast(made, "uint8"))
