"""Self-attention as transformers of pictures have it: one dense layer for queries, keys and values."""

from __future__ import annotations

import inspect
from typing import Any

import keras
from keras import ops

from kzoo.arguments import count
from kzoo.initializers.truncated import TruncNormal
from kzoo.models.activation import make_norm


def attend(query: Any, key: Any, value: Any, bias: Any = None, scale: float | None = None) -> Any:
    """Means of values, weighted by how well their keys fit a query: softmax(scale·QKᵀ + bias)V.

    Args:
        query: `(batch, heads, tokens, dim)`.
        key: Alike.
        value: Alike.
        bias: What is added to the scores `(batch, heads, tokens, tokens)`, or broadcasts to them; None for nothing.
        scale: What the scores are multiplied with; None for 1/√dim.

    Returns:
        `(batch, heads, tokens, dim)`.
    """
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    if keras.backend.backend() == "torch" and bias is None:  # its own way never holds all scores
        heads_last = (ops.swapaxes(each, 1, 2) for each in (query, key, value))
        return ops.swapaxes(ops.dot_product_attention(*heads_last, scale=scale), 1, 2)
    # On TensorFlow `ops.dot_product_attention` is an einsum, and slower than this.
    scores = ops.matmul(query * ops.cast(scale, query.dtype), ops.swapaxes(key, -1, -2))
    scores = ops.cast(scores, "float32") if scores.dtype != "float64" else scores
    if bias is not None:
        scores = scores + ops.cast(bias, scores.dtype)
    return ops.matmul(ops.cast(ops.softmax(scores), value.dtype), value)


def split_heads(tokens: Any, parts: int, heads: int) -> list[Any]:
    """Queries, keys and values out of one tensor.

    Args:
        tokens: `(batch, tokens, parts·heads·dim)`.
        parts: How many tensors there are.
        heads: Number of heads.

    Returns:
        Tensors `(batch, heads, tokens, dim)`.
    """
    length, channels = tokens.shape[1], tokens.shape[2]
    shape = (-1, length, parts, heads, channels // (parts * heads))
    return ops.unstack(ops.transpose(ops.reshape(tokens, shape), (2, 0, 3, 1, 4)), num=parts, axis=0)


def merge_heads(tokens: Any) -> Any:
    """Tensors `(batch, heads, tokens, dim)` as `(batch, tokens, heads·dim)`."""
    _, heads, length, dim = tokens.shape
    return ops.reshape(ops.transpose(tokens, (0, 2, 1, 3)), (-1, length, heads * dim))


@keras.saving.register_keras_serializable("kzoo")
class SelfAttention(keras.layers.Layer):
    """Every token looks at every other one (Vaswani et al. 2017).

    Args:
        heads: Into how many parts the channels are cut; each attends by itself.
        use_bias: Whether queries, keys and values have a bias.
        norm: Normalization of each head's queries and keys, by name; None for none.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with `(batch, tokens, dim)`; the result has the same shape.

    Raises:
        ValueError: If the heads don't divide the channels.
    """

    def __init__(self, heads: int, use_bias: bool = True, norm: Any = None, **kwargs):
        super().__init__(**kwargs)
        self.heads = count(heads=heads)
        self.use_bias = bool(use_bias)
        if isinstance(norm, dict) and "class_name" in norm:
            norm = keras.saving.deserialize_keras_object(norm)
        self.norm = norm() if inspect.isclass(norm) else norm

    def build(self, input_shape):
        dim = input_shape[-1]
        if dim % self.heads:
            raise ValueError(f"`heads` must divide the {dim} channels. Received: heads={self.heads}")
        self.qkv = self._dense(3 * dim, dim, "qkv", self.use_bias)
        self.proj = self._dense(dim, dim, "proj", True)
        self.norms = []
        if self.norm is not None:
            self.norms = [make_norm(self.norm, name) for name in ("q_norm", "k_norm")]
            for each in self.norms:
                each.dtype_policy = self.dtype_policy
                each.build((input_shape[0], self.heads, input_shape[1], dim // self.heads))

    def _dense(self, units: int, inputs: int, name: str, use_bias: bool) -> keras.layers.Dense:
        dense = keras.layers.Dense(
            units,
            use_bias=use_bias,
            kernel_initializer=TruncNormal(stddev=0.02),
            dtype=self.dtype_policy,
            name=name,
        )
        dense.build((None, None, inputs))
        return dense

    def call(self, inputs):
        query, key, value = split_heads(self.qkv(inputs), 3, self.heads)
        if self.norms:
            query, key = (norm(each) for norm, each in zip(self.norms, (query, key)))
        return self.proj(merge_heads(attend(query, key, value)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        norm = self.norm
        if isinstance(norm, keras.layers.Layer):
            norm = keras.saving.serialize_keras_object(norm)
        return {**super().get_config(), "heads": self.heads, "use_bias": self.use_bias, "norm": norm}
