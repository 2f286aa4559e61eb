"""Convolutions whose kernels are standardized each time."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.arguments import positive
from kzoo.layers.channels_last import require_channels_last
from kzoo.losses.precision import at_least_float32


@keras.saving.register_keras_serializable("kzoo")
class StdConv(keras.layers.Conv2D):
    """A convolution whose kernel has mean 0 and variance 1 for each filter (Qiao et al. 2019): weight standardization.

    (W - mean(W)) / √(var(W) + ε) takes the kernel's place, over all weights of a filter. With group normalization
    after it, it takes the place of convolution and batch normalization where batches are small.

    Args:
        filters: How many filters.
        kernel_size: Height and width of the kernel: an integer, or a list of two.
        strides: As in `keras.layers.Conv2D`.
        padding: `same` or `valid`.
        use_bias: Whether there is a bias.
        epsilon: ε, above 0.
        **kwargs: What else `keras.layers.Conv2D` takes, such as `groups` and `dilation_rate`.

    Call it with pictures `(batch, height, width, channels)`; the result is as `keras.layers.Conv2D`'s.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Qiao et al. 2019, Micro-Batch Training with Batch-Channel Normalization and Weight Standardization,
    arXiv:1903.10520.

    What differs: the same as `timm.layers.StdConv2d`, but `same` pads as Keras does: at stride 2 more on one side.
    `timm`'s pads both alike: put `ZeroPadding2D(kernel_size // 2)` before it and take `valid`.

    >>> from kzoo.layers import StdConv
    >>> import numpy as np
    >>> layer = StdConv(filters=4, kernel_size=3)
    >>> tuple(layer(np.ones((1, 8, 8, 2), "float32")).shape)
    (1, 8, 8, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | list[int],
        strides: int | list[int] = 1,
        padding: str = "same",
        use_bias: bool = False,
        epsilon: float = 1e-6,
        **kwargs,
    ):
        kwargs["data_format"] = require_channels_last(type(self).__name__, kwargs.get("data_format"))
        super().__init__(filters, kernel_size, strides, padding, use_bias=use_bias, **kwargs)
        self.epsilon = positive(epsilon=epsilon)

    def call(self, inputs):
        # Traced by JAX, Keras's bias is float32 and would make a result in half precision that too.
        return ops.cast(super().call(inputs), inputs.dtype)

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, ops.cast(self.standardized(kernel), inputs.dtype))

    def standardized(self, kernel: Any) -> Any:
        """What takes the kernel's place, in float32 at least."""
        (wide,) = at_least_float32(ops.convert_to_tensor(kernel))
        mean = ops.mean(wide, axis=(0, 1, 2), keepdims=True)
        variance = ops.mean(ops.square(wide - mean), axis=(0, 1, 2), keepdims=True)
        return (wide - mean) * ops.rsqrt(variance + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("kzoo")
class ScaledStdConv(StdConv):
    """A convolution with standardized kernel, scaled so that it keeps variances, and a gain (Brock et al. 2021).

    g·γ·(W - mean(W)) / √(n·(var(W) + ε)), n weights a filter, g learned for each filter: what networks without
    normalization, NFNets, are made of.

    Args:
        filters: How many filters.
        kernel_size: Height and width of the kernel: an integer, or a list of two.
        strides: As in `keras.layers.Conv2D`.
        padding: `same` or `valid`.
        use_bias: Whether there is a bias.
        gamma: γ, which makes up for the activation before: 1.7139588594436646 for ReLU, 1.7015043497085571 for GELU.
        epsilon: ε, above 0.
        gain_initializer: What g starts from; `zeros` silences a block of a residual network at first.
        **kwargs: What else `keras.layers.Conv2D` takes, such as `groups` and `dilation_rate`.

    Call it with pictures `(batch, height, width, channels)`; the result is as `keras.layers.Conv2D`'s.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Brock et al. 2021, Characterizing signal propagation to close the performance gap in unnormalized ResNets,
    arXiv:2101.08692.

    What differs: the same as `timm.layers.ScaledStdConv2d`, but for padding at stride 2, as with `StdConv`.

    >>> from kzoo.layers import ScaledStdConv
    >>> import numpy as np
    >>> layer = ScaledStdConv(filters=4, kernel_size=3)
    >>> tuple(layer(np.ones((1, 8, 8, 2), "float32")).shape), layer.count_params()
    ((1, 8, 8, 4), 80)
    """

    gain_axes: tuple[int, ...] = ()  # after that of the filters

    def __init__(
        self,
        filters: int,
        kernel_size: int | list[int],
        strides: int | list[int] = 1,
        padding: str = "same",
        use_bias: bool = True,
        gamma: float = 1.0,
        epsilon: float = 1e-6,
        gain_initializer="ones",
        **kwargs,
    ):
        super().__init__(filters, kernel_size, strides, padding, use_bias, epsilon, **kwargs)
        self.gamma = positive(gamma=gamma)
        self.gain_initializer = keras.initializers.get(gain_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        shape = (self.filters, *self.gain_axes)
        self.gain = self.add_weight(shape=shape, initializer=self.gain_initializer, name="gain")

    def standardized(self, kernel):
        standard = super().standardized(kernel)
        each = standard.shape[0] * standard.shape[1] * standard.shape[2]
        gain = ops.reshape(ops.cast(self.gain, standard.dtype), (-1,))
        return standard * (self.gamma * each**-0.5) * gain

    # Keras's convolutions save their kernel and bias by name and nothing else.

    def save_own_variables(self, store):
        super().save_own_variables(store)
        if self.built:
            store["gain"] = self.gain

    def load_own_variables(self, store):
        super().load_own_variables(store)
        if self.built:
            self.gain.assign(store["gain"])

    def get_config(self):
        gain = keras.initializers.serialize(self.gain_initializer)
        return {**super().get_config(), "gamma": self.gamma, "gain_initializer": gain}
