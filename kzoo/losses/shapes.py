"""Bringing targets and predictions to the same rank."""

from __future__ import annotations

from typing import Any

from keras import ops


def same_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets `(B,)` beside predictions `(B, 1)`, or the other way round, would broadcast to `(B, B)`.

    Args:
        y_true: Targets: a tensor, or nested lists of them.
        y_pred: Predictions, likewise.

    Returns:
        Both as tensors, the one that lacks a last axis of size 1 with that axis added.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    lacking = len(y_pred.shape) - len(y_true.shape)
    if lacking == 1 and y_pred.shape[-1] == 1:
        y_true = ops.expand_dims(y_true, -1)
    elif lacking == -1 and y_true.shape[-1] == 1:
        y_pred = ops.expand_dims(y_pred, -1)
    return y_true, y_pred
