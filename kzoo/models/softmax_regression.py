"""Softmax regression: one linear layer on the flattened input."""

from __future__ import annotations

import keras


def softmax_regression(input_shape, num_classes: int):
    """One linear layer from every number of the input to the classes.

    The weakest model worth comparing with. Softmax itself belongs to the loss.

    Args:
        input_shape: Shape of one input, say `(28, 28, 1)`.
        num_classes: How many classes, from 1.

    Returns:
        A `keras.Model` from `(batch, *input_shape)` to logits `(batch, num_classes)`.

    Raises:
        ValueError: If `num_classes` isn't positive.

    >>> from kzoo.models import softmax_regression
    >>> softmax_regression((28, 28, 1), 10).count_params()
    7850
    """
    if num_classes < 1:
        raise ValueError(f"`num_classes` must be a positive integer. Received: num_classes={num_classes}")
    inputs = keras.Input(tuple(input_shape), name="input")
    x = keras.layers.Flatten(name="flatten")(inputs)
    outputs = keras.layers.Dense(num_classes, name="head")(x)
    return keras.Model(inputs, outputs, name="softmax_regression")
