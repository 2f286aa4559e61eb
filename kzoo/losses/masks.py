"""Targets of segmentation as masks, one a class."""

from __future__ import annotations

from typing import Any

from keras import ops


def class_masks(y_true: Any, y_pred: Any, ignore_index: int | None = None) -> tuple[Any, Any]:
    """Class numbers or masks as masks, and which pixels count.

    Args:
        y_true: Class numbers, `(batch, …)` or `(batch, …, 1)`, or masks `(batch, …, classes)`; floats.
        y_pred: Predictions, `(batch, …, classes)`.
        ignore_index: Pixels whose target is this number don't count; None where all do.

    Returns:
        Masks, 0 where a pixel doesn't count, and 1 where a pixel counts, 0 where not; both of the shape and the dtype
        of the predictions.

    Raises:
        ValueError: If there are fewer than three axes or the shapes don't go together.
    """
    classes = y_pred.shape[-1] if y_pred.shape else None
    if len(y_pred.shape) < 3:
        raise ValueError(
            f"Expected (batch, …, classes), three axes or more. Received: y_pred.shape={y_pred.shape}"
        )
    same = len(y_true.shape) == len(y_pred.shape)
    column = same and y_true.shape[-1] == 1
    if (
        len(y_true.shape) != len(y_pred.shape) - 1
        and not column
        and not (same and y_true.shape[-1] == classes)
    ):
        raise ValueError(
            "Expected targets (batch, …) of class numbers or (batch, …, classes) of masks. Received: "
            f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    if not same:
        y_true = ops.expand_dims(y_true, -1)
    ones = ops.ones_like(y_pred)
    counts = ones if ignore_index is None else ops.cast(y_true != ignore_index, y_pred.dtype) * ones
    if same and y_true.shape[-1] == classes:
        return ops.where(counts > 0, ops.cast(y_true, y_pred.dtype), ops.zeros_like(y_pred)), counts
    if classes == 1:
        return ops.cast(y_true, y_pred.dtype) * counts, counts
    numbers = ops.cast(y_true, "int32")
    return ops.cast(numbers == ops.arange(classes, dtype="int32"), y_pred.dtype) * counts, counts
