"""A small convolutional network for handwritten digits."""

from __future__ import annotations

import keras

from kzoo.models.activation import make_activation


def mnist_cnn(input_shape, num_classes: int, activation="relu", dropout: float = 0.5):
    """Convolution 16, pooling, convolution 32, pooling, dense 128, dropout, and the classes.

    The convolutions are 3×3 and keep the size, the pooling takes the largest of 2×2.

    Args:
        input_shape: `(height, width, channels)`, from 4×4.
        num_classes: How many classes; 0 for the features before the head.
        activation: Activation of the hidden layers: a name, a mapping with a name and arguments, or a callable.
        dropout: Share of the 128 units that are dropped in training.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`; no softmax.

    Raises:
        ValueError: If the pictures are too small.

    >>> from kzoo.models import mnist_cnn
    >>> mnist_cnn((28, 28, 1), 10).count_params()  # 160 + 4,640 + 200,832 + 1,290
    206922
    """
    input_shape = tuple(input_shape)
    if len(input_shape) != 3 or min(input_shape[:2]) < 4:
        raise ValueError(
            f"`input_shape` must be (height, width, channels) of at least 4×4. Received: input_shape={input_shape}"
        )
    inputs = x = keras.Input(input_shape, name="input")
    for number, filters in ((1, 16), (2, 32)):
        x = keras.layers.Conv2D(filters, 3, padding="same", name=f"conv{number}")(x)
        x = make_activation(activation, f"conv{number}_act")(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(128, name="dense1")(x)
    x = make_activation(activation, "dense1_act")(x)
    x = keras.layers.Dropout(dropout, name="dense1_drop")(x)
    if num_classes:
        x = keras.layers.Dense(num_classes, name="head")(x)
    return keras.Model(inputs, x, name="mnist_cnn")
