"""Maps of any size as maps of a fixed one, for classifiers that look at places."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kzoo.arguments import count


def adaptive_average(x: Any, size: tuple[int, int], name: str) -> Any:
    """A map of so many rows and columns, each the mean of what it covers; what is smaller is stretched.

    Args:
        x: A map, `(batch, rows, columns, channels)`.
        size: Rows and columns of the result; a map that has them stays as it is.
        name: Name of the layer.
    """
    return x if tuple(x.shape[1:3]) == tuple(size) else AdaptiveAverage(size, name=name)(x)


@keras.saving.register_keras_serializable("kzoo")
class AdaptiveAverage(keras.layers.Layer):
    """Means of windows as large as it takes, as `torch.nn.AdaptiveAvgPool2d` has them.

    `keras.layers.AdaptiveAveragePooling2D` fails in TensorFlow's graphs where a map has one row, and gives other
    numbers on JAX where it is stretched.

    Args:
        size: Rows and columns of the result.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with `(batch, rows, columns, channels)`; the result is `(batch, *size, channels)`.

    >>> from kzoo.models.adaptive_pool import AdaptiveAverage
    >>> import numpy as np
    >>> AdaptiveAverage((1, 3))(np.array([1.0, 3.0]).reshape(1, 1, 2, 1)).numpy().ravel().tolist()
    [1.0, 2.0, 3.0]
    """

    def __init__(self, size: tuple[int, int] | list[int], **kwargs):
        super().__init__(**kwargs)
        self.size = [count(size=each) for each in size]

    def call(self, inputs):
        rows, columns = (
            ops.convert_to_tensor(_means(had, wanted), dtype=inputs.dtype)
            for had, wanted in zip(inputs.shape[1:3], self.size)
        )
        return ops.einsum("pw,bowc->bopc", columns, ops.einsum("oh,bhwc->bowc", rows, inputs))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[3])

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _means(had: int, wanted: int) -> np.ndarray:
    """What each place of the result takes of each place there was."""
    matrix = np.zeros((wanted, had), "float32")
    for place in range(wanted):
        first, end = place * had // wanted, -(-(place + 1) * had // wanted)
        matrix[place, first:end] = 1 / (end - first)
    return matrix
