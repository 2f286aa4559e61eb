"""Even activations: the same on both sides of zero."""

from __future__ import annotations

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
def lisht(x):
    """x·tanh(x), the linearly scaled tanh (Roy et al. 2019, arXiv:1901.05894).

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype; never negative, and the same for x and -x.

    What differs: the same as `tfa.activations.lisht`.

    >>> from kzoo.activations import lisht
    >>> import keras
    >>> round(float(lisht(keras.ops.convert_to_tensor(-1.0))), 4)
    0.7616
    """
    # Not by ops.tanh, which on JAX works float64 out in float32.
    size = ops.absolute(ops.convert_to_tensor(x))
    below = ops.exp(-2 * size)
    return size * ((1 - below) / (1 + below))


@keras.saving.register_keras_serializable("kzoo")
def logcosh(x):
    """log(cosh(x)): a parabola near 0, |x| - log 2 far from it; its derivative is tanh.

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype; never negative, and the same for x and -x.

    What differs: this is the activation; the loss of this name, `keras.losses.LogCosh`, is its mean over errors.
    cosh isn't computed, so nothing overflows.

    >>> from kzoo.activations import logcosh
    >>> import keras
    >>> round(float(logcosh(keras.ops.convert_to_tensor(1.0))), 4)
    0.4338
    """
    x = ops.convert_to_tensor(x)
    size = ops.absolute(x)
    # log1p(e^-2|x|) and not a softplus, which on PyTorch has a threshold.
    return size + ops.log1p(ops.exp(-2 * size)) - math.log(2)
