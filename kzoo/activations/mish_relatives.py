"""Relatives of Mish: the input times a gate that is nearly 0 on the left and 1 on the right."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
def hard_mish(x):
    """Mish out of straight pieces: x·min(2, max(0, x + 2))/2.

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype: x above 0, 0 below -2, a parabola down to -.5 between.

    What differs: the same as `timm.layers.HardMish`. It has a kink at -2, where Mish is smooth.

    >>> from kzoo.activations import hard_mish
    >>> import keras
    >>> float(hard_mish(keras.ops.convert_to_tensor(-1.0)))
    -0.5
    """
    x = ops.convert_to_tensor(x)
    return x * (0.5 * ops.clip(x + 2, 0, 2))


@keras.saving.register_keras_serializable("kzoo")
def serf(x):
    """x·erf(softplus(x)) (Nag et al. 2021, arXiv:2108.09598).

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    What differs: Mish has tanh in place of erf. At x = 2 this is .005 below x, Mish .056.

    >>> from kzoo.activations import serf
    >>> import keras
    >>> round(float(serf(keras.ops.convert_to_tensor(1.0))), 4)
    0.9367
    """
    x = ops.convert_to_tensor(x)
    return x * ops.erf(ops.softplus(x))


@keras.saving.register_keras_serializable("kzoo")
def smish(x):
    """x·tanh(log(1 + σ(x))) (Wang, Ren and Wang 2022, Electronics 11(4):540).

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype. For large x it comes near .6x, not x.

    What differs: the paper has two factors, α before all and β in the sigmoid; both are 1 here, as in its experiments.

    >>> from kzoo.activations import smish
    >>> import keras
    >>> round(float(smish(keras.ops.convert_to_tensor(1.0))), 4)
    0.4996
    """
    x = ops.convert_to_tensor(x)
    gate = ops.sigmoid(x)
    # tanh(log(a)) = (a² - 1) / (a² + 1), here with a = 1 + σ: no logarithm to lose digits in.
    odds = gate * (gate + 2)
    return x * (odds / (odds + 2))


@keras.saving.register_keras_serializable("kzoo")
def tanhexp(x):
    """x·tanh(eˣ) (Liu and Di 2020, arXiv:2003.09855).

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    What differs: at x = 1.5 it is .0004 below x, Mish .097.

    >>> from kzoo.activations import tanhexp
    >>> import keras
    >>> round(float(tanhexp(keras.ops.convert_to_tensor(1.0))), 4)
    0.9913
    """
    x = ops.convert_to_tensor(x)
    # e⁵ is enough for a tanh of 1 in every dtype; beyond it an overflowing exponential would make the gradient 0·∞.
    below = ops.expm1(-2 * ops.exp(ops.where(x < 5, x, ops.full_like(x, 5))))
    # This is the tanh; ops.tanh on JAX works float64 out in float32.
    return x * (-below / (2 + below))
