"""Convolution, normalization and pooling as the papers' networks have them: padded alike on both sides."""

from __future__ import annotations

import inspect
from typing import Any

import keras
from keras import ops

from kzoo.models.activation import make_activation, make_norm
from kzoo.models.depthwise import DepthwiseConv2D

# torch's numbers, which most published weights were trained with; Keras's own defaults are .99 and 1e-3.
BATCH_NORM = {"name": "batch_normalization", "momentum": 0.9, "epsilon": 1e-5}
LAYER_NORM = {"name": "layer_normalization", "epsilon": 1e-6}
# The variance of a layer's output stays that of its input in the backward pass of a ReLU network (He et al. 2015).
_HE_BACKWARD = {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"}


def conv(
    x: Any,
    filters: int,
    kernel_size: int,
    name: str,
    strides: int = 1,
    groups: int = 1,
    dilation: int = 1,
    use_bias: bool = False,
    padding: str = "symmetric",
    kernel_initializer: Any = None,
) -> Any:
    """A convolution; with as many groups as channels a depthwise one.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        filters: Channels of the result.
        kernel_size: Height and width of the kernel.
        name: Name of the layer.
        strides: Step in both directions.
        groups: Groups of channels that don't see each other.
        dilation: Distance between the kernel's places.
        use_bias: Whether there is a bias; a normalization behind it makes it useless.
        padding: "symmetric" adds dilation·(kernel_size - 1)/2, rounded down, on all four sides, which torch's networks
            do and Keras's "same" doesn't where strides are 2; "same" or "valid".
        kernel_initializer: None for He's normal distribution over the outputs.
    """
    reach = dilation * (kernel_size - 1)
    if padding == "symmetric":
        padding = "same" if strides == 1 and reach % 2 == 0 else "valid"
        if padding == "valid" and reach // 2:
            x = keras.layers.ZeroPadding2D(reach // 2, name=f"{name}.pad")(x)
    shared = {
        "strides": strides,
        "dilation_rate": dilation,
        "padding": padding,
        "use_bias": use_bias,
        "name": name,
    }
    initializer = kernel_initializer or keras.initializers.VarianceScaling(**_HE_BACKWARD)
    channels = x.shape[-1]
    if groups == channels and filters % channels == 0 and groups > 1:
        # Keras takes a depthwise kernel's number of channels for its fan; the outputs of one channel are few.
        spread = keras.initializers.RandomNormal(stddev=(2 / kernel_size**2) ** 0.5)
        return DepthwiseConv2D(
            kernel_size,
            depth_multiplier=filters // channels,
            depthwise_initializer=kernel_initializer or spread,
            **shared,
        )(x)
    return keras.layers.Conv2D(filters, kernel_size, groups=groups, kernel_initializer=initializer, **shared)(
        x
    )


def normalize(x: Any, norm: Any, name: str, gamma: str = "ones") -> Any:
    """A normalization by name, or none of it for None.

    Args:
        x: What is normalized.
        norm: Name of a layer, a mapping with a name and arguments, or a layer.
        name: Name of the layer.
        gamma: What its scale begins with: "zeros" silences a block of a residual network at first.
    """
    if norm is None:
        return x
    layer = make_norm(norm, name)
    if gamma != "ones" and "gamma_initializer" in inspect.signature(type(layer)).parameters:
        layer.gamma_initializer = keras.initializers.get(gamma)
    return layer(x)


def activate(x: Any, activation: Any, name: str) -> Any:
    """An activation by name, with a layer of its own."""
    return make_activation(activation, name)(x)


def max_pool(x: Any, pool_size: int, strides: int, name: str, ceil: bool = False) -> Any:
    """The largest of each window, padded alike on both sides.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        pool_size: Height and width of the window.
        strides: Step in both directions.
        name: Name of the layer.
        ceil: Whether a last window may reach beyond the padding, as torch's `ceil_mode` lets it; without padding then.
    """
    if ceil:
        return keras.layers.MaxPooling2D(pool_size, strides, padding="same", name=name)(x)
    return PaddedMaxPooling2D(pool_size, strides, name=name)(x)


@keras.saving.register_keras_serializable("kzoo")
class PaddedMaxPooling2D(keras.layers.MaxPooling2D):
    """Max pooling of pictures padded with `pool_size // 2` of what is never the largest, as torch's networks do it.

    Keras's own padding is another at stride 2, and zeros would be larger than what some activations give.
    """

    def call(self, inputs):
        return super().call(ops.pad(inputs, self._padding(), constant_values=float("-inf")))

    def compute_output_shape(self, input_shape):
        padded = [
            None if size is None else size + sum(both)
            for size, both in zip(input_shape[1:3], self._padding()[1:3])
        ]
        return super().compute_output_shape((input_shape[0], *padded, input_shape[3]))

    def _padding(self):
        height, width = (size // 2 for size in self.pool_size)
        return ((0, 0), (height, height), (width, width), (0, 0))
