"""What a model costs: how many weights it learns, and how many products it adds up for one input."""

from __future__ import annotations

import math
from typing import Any

import keras

from kzoo.models.attention import SelfAttention
from kzoo.models.window_attention import WindowAttention


def parameters_of(model: keras.Model) -> int:
    """How many numbers a model learns; moving statistics don't count, frozen weights do.

    >>> import kzoo
    >>> from kzoo.models.cost import multiply_adds_of, parameters_of
    >>> model = kzoo.create_model("lenet5", 10, (28, 28, 1))
    >>> parameters_of(model), multiply_adds_of(model)
    (61706, 416520)
    """
    moving = {id(each) for layer in model.layers for each in _moving(layer)}
    return sum(math.prod(each.shape) for each in model.weights if id(each) not in moving and is_float(each))


def multiply_adds_of(model: keras.Model) -> int:
    """How many multiplications with a weight, or of two activations in attention, one input takes.

    What is added once a place, such as biases, normalization and activations, doesn't count, as is the custom.
    """
    return sum(_products(layer) for layer in model.layers)


def _products(layer: Any) -> int:
    """Products of one layer, for each place of its output."""
    output = getattr(layer, "output", None)
    if output is None or not hasattr(output, "shape"):
        return 0
    places = math.prod(each or 1 for each in output.shape[1:-1])
    kernels = [each for each in layer.weights if len(each.shape) >= 2 and each.path.endswith("kernel")]
    return sum(places * math.prod(each.shape) for each in kernels) + _products_of_attention(layer)


def _products_of_attention(layer: Any) -> int:
    """Queries with keys, and what they weigh with values: two for each pair of tokens and channel."""
    if isinstance(layer, WindowAttention):
        return 2 * layer.windows.count * layer.windows.area**2 * layer.output.shape[-1]
    if isinstance(layer, SelfAttention):
        _, tokens, dim = layer.output.shape
        return 2 * tokens**2 * dim
    return 0


def _moving(layer: Any) -> list[Any]:
    """What a layer keeps and doesn't learn, whether or not it is frozen: statistics of batches."""
    return [each for each in layer.weights if each.path.rpartition("/")[2].startswith("moving_")]


def is_float(variable: Any) -> bool:
    return keras.backend.is_float_dtype(variable.dtype)
