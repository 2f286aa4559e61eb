"""The multilayer perceptron."""

from __future__ import annotations

import keras

from kzoo.models.activation import make_activation, make_norm


def mlp(input_shape, num_classes: int, hidden=(256, 128), activation="relu", dropout: float = 0.0, norm=None):
    """Dense layers on the flattened input; each is followed by normalization, activation and dropout as asked.

    Args:
        input_shape: Shape of one input, say `(28, 28, 1)` or `(20,)`.
        num_classes: How many classes; 0 for the features before the head.
        hidden: Units of each hidden layer.
        activation: Activation of the hidden layers: a name, a mapping with a name and arguments, or a callable.
        dropout: Share of the hidden units that are dropped in training.
        norm: Normalization between each hidden layer and its activation, say "batch_normalization"; None for none.

    Returns:
        A `keras.Model` from `(batch, *input_shape)` to logits `(batch, num_classes)`.

    >>> from kzoo.models import mlp
    >>> mlp((28, 28, 1), 10).count_params()  # 784·256 + 256 + 256·128 + 128 + 128·10 + 10
    235146
    """
    inputs = keras.Input(tuple(input_shape), name="input")
    x = keras.layers.Flatten(name="flatten")(inputs)
    for number, units in enumerate(hidden, start=1):
        x = keras.layers.Dense(units, name=f"dense{number}")(x)
        if norm is not None:
            x = make_norm(norm, f"dense{number}_norm")(x)
        x = make_activation(activation, f"dense{number}_act")(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"dense{number}_drop")(x)
    if num_classes:
        x = keras.layers.Dense(num_classes, name="head")(x)
    return keras.Model(inputs, x, name="mlp")
