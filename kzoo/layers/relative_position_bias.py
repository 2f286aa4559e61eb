"""Attention that knows how far apart patches are."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kzoo.layers.pairs import both, pair


def relative_index(rows: int, columns: int) -> np.ndarray:
    """For each pair of a window's patches the number of the way between them, row by row.

    >>> from kzoo.layers.relative_position_bias import relative_index
    >>> relative_index(1, 2).tolist()
    [[1, 0], [2, 1]]
    """
    places = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).reshape(-1, 2)
    apart = places[:, None] - places[None, :] + [rows - 1, columns - 1]
    return apart[..., 0] * (2 * columns - 1) + apart[..., 1]


@keras.saving.register_keras_serializable("kzoo")
class RelativePositionBias(keras.layers.Layer):
    """Adds a learned number to attention scores for each head and each way from patch to patch (Liu et al. 2021).

    Args:
        window: How many rows and columns of patches attend to each other: an integer, or a list of two.
        prefix_token: Whether a class token is in front, which has three numbers of its own: to it, from it and from it
            to itself.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with scores `(batch, heads, tokens, tokens)`, before the softmax; the result has the same shape and dtype.
    The patches are numbered row by row. Windows go along the batch axis.

    Raises:
        ValueError: If the window isn't one, or the scores don't fit it.

    Paper: Liu et al. 2021, Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, arXiv:2103.14030.

    What differs: the same as `timm.layers.RelPosBias`: the table is `((2·rows - 1)(2·columns - 1), heads)`. Its
    truncated normal has a standard deviation of 0.02; Keras's is cut at two of them and corrected.

    >>> from kzoo.layers import RelativePositionBias
    >>> import numpy as np
    >>> layer = RelativePositionBias(window=2)
    >>> tuple(layer(np.zeros((1, 3, 4, 4), "float32")).shape), layer.count_params()
    ((1, 3, 4, 4), 27)
    """

    def __init__(self, window: int | list[int], prefix_token: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.window = pair(window=window)
        self.prefix_token = bool(prefix_token)

    def _index(self) -> np.ndarray:
        """For each pair of tokens which row of the table is theirs."""
        rows, columns = both(self.window)
        index = relative_index(rows, columns)
        if self.prefix_token:
            ways = (2 * rows - 1) * (2 * columns - 1)
            index = np.pad(index, ((1, 0), (1, 0)))
            index[0, :], index[:, 0], index[0, 0] = ways, ways + 1, ways + 2
        return index

    def build(self, input_shape):
        rows, columns = both(self.window)
        tokens = rows * columns + self.prefix_token
        if len(input_shape) != 4 or input_shape[1] is None or tuple(input_shape[2:]) != (tokens, tokens):
            raise ValueError(
                f"Expected scores (batch, heads, {tokens}, {tokens}) for {self.window=}. "
                f"Received: a shape of {tuple(input_shape)}"
            )
        ways = (2 * rows - 1) * (2 * columns - 1) + 3 * self.prefix_token
        self.table = self.add_weight(
            shape=(ways, input_shape[1]),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            name="table",
        )

    def call(self, inputs):
        bias = ops.take(ops.cast(self.table, inputs.dtype), self._index(), axis=0)
        return inputs + ops.transpose(bias, (2, 0, 1))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "window": self.window, "prefix_token": self.prefix_token}
