"""Max pooling whose last windows may reach beyond the picture."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class CeilMaxPooling2D(keras.layers.MaxPooling2D):
    """Max pooling that drops no row and no column, as torch's `ceil_mode` has it.

    Keras's "same" begins before the picture where that evens things out; here all windows begin inside.

    Args:
        pool_size: Height and width of the window.
        strides: Step in both directions.
        **kwargs: `name`, `dtype`.

    Call it with `(batch, rows, columns, channels)`.

    >>> from kzoo.models.ceil_pool import CeilMaxPooling2D
    >>> import numpy as np
    >>> row = np.array([1.0, 5.0, 2.0, 3.0], "float32").reshape(1, 1, 4, 1)
    >>> CeilMaxPooling2D((1, 3), (1, 2))(row).numpy().ravel().tolist()
    [5.0, 3.0]
    """

    def call(self, inputs):
        missing = self._missing(inputs.shape)
        padding = ((0, 0), *((0, each) for each in missing), (0, 0))
        return super().call(ops.pad(inputs, padding, constant_values=float("-inf")))

    def compute_output_shape(self, input_shape):
        whole = [size + more for size, more in zip(input_shape[1:3], self._missing(input_shape))]
        return super().compute_output_shape((input_shape[0], *whole, input_shape[3]))

    def _missing(self, shape):
        """Rows and columns that the last windows lack."""
        sizes = zip(shape[1:3], self.pool_size, self.strides)
        return [max(window - size, (window - size) % step) for size, window, step in sizes]
