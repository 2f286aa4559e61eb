"""Concatenated ReLU."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class CReLU(keras.layers.Layer):
    """ReLU of the input and ReLU of its negative, one after the other (Shang et al. 2016, arXiv:1603.05201).

    Args:
        axis: Along which axis they are put together; not the batch axis 0.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor; the result is twice as large along the axis. Nothing is lost: their difference
    is the input. Half as many filters are needed before it.

    Raises:
        ValueError: If the axis is the batch's or isn't an integer.

    What differs: the same as `tf.nn.crelu`.

    >>> from kzoo.activations import CReLU
    >>> import numpy as np
    >>> [float(each) for each in CReLU()(np.array([[-1.0, 2.0]], "float32"))[0]]
    [0.0, 2.0, 1.0, 0.0]
    """

    def __init__(self, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"`axis` must be an integer, and not 0, the batch. Received: axis={axis!r}")
        self.axis = axis
        self.built = True

    def call(self, inputs):
        return ops.concatenate([ops.relu(inputs), ops.relu(-inputs)], axis=self.axis)

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        shape[self.axis] = None if shape[self.axis] is None else 2 * shape[self.axis]
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
