"""Inverse square root units."""

from __future__ import annotations

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
def isru(x, alpha: float = 1.0):
    """x/√(1 + αx²): a sigmoidal curve without exponentials (Carlile et al. 2017, arXiv:1710.09967).

    Args:
        x: Floating-point tensor of any shape.
        alpha: α, above 0; the curve ends at ±1/√α.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        ValueError: If α isn't above 0.

    What differs: nearer to its ends than softsign, further from them than tanh. The square is never computed as such,
    so that float16 doesn't overflow.

    >>> from kzoo.activations import isru
    >>> import keras
    >>> round(float(isru(keras.ops.convert_to_tensor(1.0))), 4)
    0.7071
    """
    if not alpha > 0:
        raise ValueError(f"`alpha` must be above 0. Received: alpha={alpha!r}")
    root = math.sqrt(alpha)
    x = root * ops.convert_to_tensor(x)
    # Numerator and denominator are divided by a number that drops out, so it has no gradient.
    size = ops.stop_gradient(ops.absolute(x))
    size = ops.where(size > 1, size, ops.ones_like(size))
    part, one = x / size, 1 / size
    return part / (root * ops.sqrt(one * one + part * part))
