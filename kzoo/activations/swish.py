"""Swish with its parameter."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class Swish(keras.layers.Layer):
    """x·σ(βx) with β given or learned (Ramachandran et al. 2017, arXiv:1710.05941).

    β = 1 is the SiLU, β = 0 halves its input, a large β comes near ReLU, β = 1.702 is the quick GELU.

    Args:
        beta: β, or what it starts from.
        learn_beta: Whether β is learned: one number for the whole layer.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor of any shape; the result has the same shape and dtype.

    What differs: the bare name `swish` is Keras's alias of `silu` and takes no β; this one is `kzoo/swish`.
    `torch.nn.SiLU` is β = 1.

    >>> from kzoo.activations import Swish
    >>> import keras
    >>> layer = Swish(beta=2.0, learn_beta=True)
    >>> outputs = layer(keras.ops.convert_to_tensor([1.0]))
    >>> round(float(keras.ops.convert_to_numpy(outputs)[0]), 4)
    0.8808
    >>> layer.count_params()
    1
    """

    def __init__(self, beta: float = 1.0, learn_beta: bool = False, **kwargs):
        super().__init__(**kwargs)
        if isinstance(beta, bool) or not isinstance(beta, (int, float)):
            raise ValueError(f"`beta` must be a number. Received: beta={beta!r}")
        self.beta = float(beta)
        self.learn_beta = bool(learn_beta)
        self.supports_masking = True
        if self.learn_beta:
            # Here and not in build: a layer that holds this one as its activation doesn't build it.
            self.learned_beta = self.add_weight(shape=(), initializer=self._first_beta, name="beta")
        self.built = True

    def _first_beta(self, shape, dtype=None):
        return ops.full(shape, self.beta, dtype)  # exact in float64 too, where Constant is not

    def call(self, inputs):
        beta = ops.cast(self.learned_beta, inputs.dtype) if self.learn_beta else self.beta
        return inputs * ops.sigmoid(beta * inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "beta": self.beta, "learn_beta": self.learn_beta}
