"""An activation function together with arguments of its own."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("kzoo")
class WithArguments(keras.layers.Layer):
    """A layer that calls an activation function with arguments, and can be saved.

    `keras.layers.Activation` takes a function as it is; a `lambda` around it couldn't be saved.

    Args:
        activation: A function that Keras can save: its own, or one registered with
            `keras.saving.register_keras_serializable`.
        arguments: What to call it with besides the input.
        **kwargs: `name`, `dtype`, `trainable`.

    >>> from kzoo.activations import WithArguments
    >>> import keras
    >>> layer = WithArguments(keras.activations.leaky_relu, {"negative_slope": 0.5})
    >>> float(layer(keras.ops.convert_to_tensor([-1.0]))[0])
    -0.5
    """

    def __init__(self, activation: Any, arguments: dict[str, Any] | None = None, **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.arguments = dict(arguments or {})
        self.supports_masking = True

    def call(self, inputs):
        return self.activation(inputs, **self.arguments)

    def get_config(self):
        saved = keras.saving.serialize_keras_object(self.activation)
        return {**super().get_config(), "activation": saved, "arguments": dict(self.arguments)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["activation"] = keras.saving.deserialize_keras_object(config["activation"])
        return cls(**config)
