"""Random windows of pictures."""

from __future__ import annotations

import math
from typing import Any

TRIES = 10
NUMBERS = 2 * TRIES + 2  # random numbers that a window takes


def random_windows(
    backend: Any,
    numbers: Any,
    heights: Any,
    widths: Any,
    scale: tuple[float, float],
    ratio: tuple[float, float],
) -> Any:
    """Windows of random area and shape at random places, one a picture.

    Ten are drawn, as in torchvision; the first that fits is taken, else the largest middle one of a shape in range.

    Args:
        backend: What computes: Keras's backend, or one of its.
        numbers: Uniform random numbers from 0 to 1, shape (pictures, 22).
        heights, widths: Of the pictures, integers, shape (pictures,).
        scale: Least and largest share of a picture's area.
        ratio: Least and largest width for a height of 1.

    Returns:
        Top, left, height, width, int32 of shape (pictures, 4).
    """
    numpy = backend.numpy
    heights, widths = backend.cast(heights, "float32")[:, None], backend.cast(widths, "float32")[:, None]
    area = heights * widths * (scale[0] + (scale[1] - scale[0]) * numbers[:, :TRIES])
    low, high = math.log(ratio[0]), math.log(ratio[1])
    shape = numpy.exp(low + (high - low) * numbers[:, TRIES : 2 * TRIES])
    high_tries, wide_tries = numpy.round(numpy.sqrt(area / shape)), numpy.round(numpy.sqrt(area * shape))
    fits = (high_tries >= 1) & (high_tries <= heights) & (wide_tries >= 1) & (wide_tries <= widths)
    # The fallback is one more try, which always fits.
    wide = numpy.minimum(widths, numpy.maximum(numpy.round(heights * ratio[1]), 1.0))
    high = numpy.minimum(heights, numpy.maximum(numpy.round(widths / ratio[0]), 1.0))
    high_tries = numpy.concatenate([high_tries, high], axis=1)
    wide_tries = numpy.concatenate([wide_tries, wide], axis=1)
    order = numpy.arange(TRIES + 1)
    always = numpy.concatenate([fits, numpy.ones_like(fits[:, :1])], axis=1)
    chosen = numpy.min(numpy.where(always, order, TRIES), axis=1, keepdims=True)
    one = order == chosen
    height = numpy.sum(numpy.where(one, high_tries, 0.0), axis=1, keepdims=True)
    width = numpy.sum(numpy.where(one, wide_tries, 0.0), axis=1, keepdims=True)
    middle = chosen == TRIES

    def begin(room: Any, number: Any) -> Any:
        drawn = numpy.minimum(numpy.floor(number * (room + 1.0)), room)
        return numpy.where(middle, numpy.floor(room / 2.0), drawn)

    top = begin(heights - height, numbers[:, 2 * TRIES : 2 * TRIES + 1])
    left = begin(widths - width, numbers[:, 2 * TRIES + 1 :])
    return backend.cast(numpy.concatenate([top, left, height, width], axis=1), "int32")
