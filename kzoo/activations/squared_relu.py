"""Squares of the ReLU."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.activations.learned import LearnedActivation


@keras.saving.register_keras_serializable("kzoo")
def squared_relu(x):
    """max(x, 0)² (So et al. 2021, Primer, arXiv:2109.08668).

    Args:
        x: Floating-point tensor of any shape.

    Returns:
        A tensor of the same shape and dtype.

    What differs: in float16 inputs above 255 overflow, since their squares do.

    >>> from kzoo.activations import squared_relu
    >>> import keras
    >>> float(squared_relu(keras.ops.convert_to_tensor(3.0)))
    9.0
    """
    return ops.square(ops.relu(ops.convert_to_tensor(x)))


@keras.saving.register_keras_serializable("kzoo")
class StarReLU(LearnedActivation):
    """s·max(x, 0)² + b, with s and b learned (Yu et al. 2022, MetaFormer Baselines, arXiv:2210.13452).

    Args:
        scale: s, or what it starts from. .8944 and -.4472 give mean 0 and variance 1 for standard normal inputs.
        bias: b, or what it starts from.
        learn: Whether s and b are learned, one number each for the whole layer.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor of any shape; the result has the same shape and dtype.

    What differs: `timm.models.metaformer.StarReLU` starts from s = 1 and b = 0, this one from the paper's numbers.

    >>> from kzoo.activations import StarReLU
    >>> import numpy as np
    >>> outputs = StarReLU()(np.array([-1.0, 2.0], "float32"))
    >>> [round(float(each), 4) for each in outputs]
    [-0.4472, 3.1304]
    """

    def __init__(self, scale: float = 0.8944, bias: float = -0.4472, learn: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.learn = bool(learn)
        self.scale = self._number("scale", scale, learned=self.learn)
        self.bias = self._number("bias", bias, learned=self.learn)

    def call(self, inputs):
        squared = ops.square(ops.relu(inputs))
        return self._value("scale", inputs) * squared + self._value("bias", inputs)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "bias": self.bias, "learn": self.learn}
