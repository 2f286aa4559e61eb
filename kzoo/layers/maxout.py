"""The maxout unit."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class Maxout(keras.layers.Layer):
    """The largest of each group of consecutive entries (Goodfellow et al. 2013, arXiv:1302.4389).

    Args:
        units: Into how many groups the axis is split, and so its size afterwards. It must divide the axis's size.
        axis: Which axis; not the batch axis 0.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a tensor of shape `(batch, …, size, …)`; the result has `units` in place of `size`. Entry i is the
    maximum of entries i·k … (i+1)·k - 1, k = size / units. A dense layer before it makes the usual maxout unit.

    Raises:
        ValueError: If `units` isn't a positive integer or doesn't divide the axis, or the axis is the batch's.

    What differs: the same as `tfa.layers.Maxout`. Its gradient at a tie is shared among the entries that tie.

    >>> from kzoo.layers import Maxout
    >>> import numpy as np
    >>> outputs = Maxout(units=2)(np.array([[1.0, 5.0, 2.0, 3.0]], "float32"))
    >>> [float(each) for each in outputs[0]]
    [5.0, 3.0]
    """

    def __init__(self, units: int, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be a positive integer. Received: units={units!r}")
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"`axis` must be an integer, and not 0, the batch. Received: axis={axis!r}")
        self.units = units
        self.axis = axis

    def _position(self, shape: tuple[int | None, ...]) -> int:
        """The axis counted from the front; checks that its size fits."""
        axis = self.axis + len(shape) if self.axis < 0 else self.axis
        if not 0 < axis < len(shape):
            raise ValueError(
                f"`axis` must be one of the input's, not the batch. Received: {self.axis=}, {shape=}"
            )
        size = shape[axis]
        if size is None or size % self.units:
            raise ValueError(
                f"`units` must divide the size of axis {self.axis}. Received: units={self.units}, input shape {shape}"
            )
        return axis

    def call(self, inputs):
        axis = self._position(tuple(inputs.shape))
        shape = list(ops.shape(inputs))
        group = inputs.shape[axis] // self.units
        grouped = ops.reshape(inputs, [*shape[:axis], self.units, group, *shape[axis + 1 :]])
        return ops.max(grouped, axis=axis + 1)

    def compute_output_shape(self, input_shape):
        axis = self._position(tuple(input_shape))
        return (*input_shape[:axis], self.units, *input_shape[axis + 1 :])

    def get_config(self):
        return {**super().get_config(), "units": self.units, "axis": self.axis}
