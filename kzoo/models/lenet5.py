"""LeNet-5."""

from __future__ import annotations

import keras

from kzoo.models.activation import make_activation


def lenet5(input_shape, num_classes: int, activation="tanh"):
    """The convolutional network of LeCun et al. 1998, as it is usually rebuilt.

    Convolution 6 of 5×5, pooling, convolution 16 of 5×5, pooling, dense 120, 84, and the classes.

    Args:
        input_shape: `(height, width, channels)`, from 12×12; the paper's is 32×32×1, which is 28×28 padded by 2.
        num_classes: How many classes; 0 for the features before the head.
        activation: Activation of the hidden layers: a name, a mapping with a name and arguments, or a callable.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`.

    Raises:
        ValueError: If the pictures are too small.

    Paper: LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition.

    What differs from the paper: plain tanh for 1.7159·tanh(2x/3); average pooling without a learned scale, bias and
    squashing; every map of the second convolution sees all six maps before it; a linear head with cross-entropy for
    the radial basis functions. The first convolution pads by itself, so 28×28 goes in.

    >>> from kzoo.models import lenet5
    >>> lenet5((28, 28, 1), 10).count_params()  # 156 + 2,416 + 48,120 + 10,164 + 850
    61706
    """
    input_shape = tuple(input_shape)
    if len(input_shape) != 3 or min(input_shape[:2]) < 12:
        raise ValueError(
            f"`input_shape` must be (height, width, channels) of at least 12×12. Received: input_shape={input_shape}"
        )
    inputs = keras.Input(input_shape, name="input")
    x = keras.layers.Conv2D(6, 5, padding="same", name="conv1")(inputs)
    x = make_activation(activation, "conv1_act")(x)
    x = keras.layers.AveragePooling2D(2, name="pool1")(x)
    x = keras.layers.Conv2D(16, 5, name="conv2")(x)
    x = make_activation(activation, "conv2_act")(x)
    x = keras.layers.AveragePooling2D(2, name="pool2")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for number, units in ((1, 120), (2, 84)):
        x = keras.layers.Dense(units, name=f"dense{number}")(x)
        x = make_activation(activation, f"dense{number}_act")(x)
    if num_classes:
        x = keras.layers.Dense(num_classes, name="head")(x)
    return keras.Model(inputs, x, name="lenet5")
