"""Bringing targets, predictions and sample weights to shapes that go together."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.losses.shapes import same_rank


def same_shape(y_true: Any, y_pred: Any, dtype: str) -> tuple[Any, Any]:
    """Targets and predictions that are compared number by number.

    Args:
        y_true: Targets.
        y_pred: Predictions of the same shape; a last axis of size 1 may be missing on one side.
        dtype: The dtype that both get.

    Raises:
        ValueError: If their shapes don't go together.
    """
    y_true, y_pred = same_rank(y_true, y_pred)
    check_shapes(y_true, y_pred)
    return ops.cast(y_true, dtype), ops.cast(y_pred, dtype)


def check_shapes(y_true: Any, y_pred: Any) -> None:
    """Raises ValueError unless two tensors have the same shape, as far as it is known."""
    known = [(a, b) for a, b in zip(y_true.shape, y_pred.shape) if a is not None and b is not None]
    if len(y_true.shape) != len(y_pred.shape) or any(a != b for a, b in known):
        raise ValueError(
            "Expected targets and predictions of the same shape. "
            f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
        )


def weights_of(sample_weight: Any, values: Any, dtype: str, y_pred: Any = None) -> Any:
    """A weight for each of the values.

    Args:
        sample_weight: Weights of the shape of the values or of its first axes, of size 1 where one counts for all;
            or None.
        values: A tensor.
        dtype: The dtype of the weights.
        y_pred: Predictions that may carry a mask of Keras's, with the first axes of the values: what it hides weighs
            nothing.

    Returns:
        A tensor of the shape of the values.

    Raises:
        ValueError: If the weights have another shape.
    """
    weights = ops.ones_like(values, dtype=dtype)
    mask = getattr(y_pred, "_keras_mask", None)
    for factor in (sample_weight, mask):
        if factor is not None:
            weights = weights * _spread(ops.cast(ops.convert_to_tensor(factor), dtype), values)
    return weights


def _spread(factor, values):
    axes = len(values.shape)
    if len(factor.shape) == axes + 1 and factor.shape[-1] == 1:
        factor = ops.squeeze(factor, -1)
    known = [(a, b) for a, b in zip(factor.shape, values.shape) if a is not None and b is not None]
    if len(factor.shape) > axes or any(a not in (1, b) for a, b in known):
        raise ValueError(
            f"Expected `sample_weight` of shape {tuple(values.shape)}, or of its first axes. "
            f"Received: sample_weight.shape={tuple(factor.shape)}"
        )
    return ops.reshape(factor, (*ops.shape(factor), *[1] * (axes - len(factor.shape))))


def weights_of_samples(sample_weight: Any, values: Any, dtype: str) -> Any:
    """`weights_of` where a sample can only count as a whole: values of shape `(batch,)`."""
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight)
        if any(size != 1 for size in sample_weight.shape[1:]):
            raise ValueError(
                "Expected one weight a sample, `sample_weight` of shape (batch,). "
                f"Received: sample_weight.shape={tuple(sample_weight.shape)}"
            )
        sample_weight = ops.reshape(sample_weight, (-1,))
    return weights_of(sample_weight, values, dtype)


def weighted(values: Any, weights: Any) -> Any:
    """Values times weights; 0 where the weight is, whatever the value."""
    return ops.where(weights != 0, values * weights, ops.zeros_like(values))


def is_float(tensor: Any) -> bool:
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))
