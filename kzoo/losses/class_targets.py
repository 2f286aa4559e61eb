"""Targets of classification: class numbers or vectors, and positions that don't count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from kzoo.losses.precision import at_least_float32


def class_targets(y_true: Any, logits: Any, ignore_index: int | None = None) -> tuple[Any, Any]:
    """Targets as vectors over the classes.

    Args:
        y_true: Class numbers `(batch, …)` or `(batch, …, 1)`, or vectors `(batch, …, classes)`.
        logits: Predictions `(batch, …, classes)`.
        ignore_index: Positions with this class number don't count; None for no such number.

    Returns:
        Vectors `(batch, …, classes)`, and a tensor `(batch, …)` of 1 where they count and 0 where they are ignored;
        None instead of it where the targets were vectors, which all count.

    Raises:
        ValueError: If the shapes don't go together.
    """
    y_true = ops.convert_to_tensor(y_true)
    if len(y_true.shape) == len(logits.shape) and y_true.shape[-1] == logits.shape[-1]:
        return at_least_float32(y_true)[0], None
    if len(y_true.shape) == len(logits.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if len(y_true.shape) != len(logits.shape) - 1:
        raise ValueError(
            "Expected targets (batch, …) of class numbers or (batch, …, classes) of probabilities. Received: "
            f"y_true.shape={y_true.shape}, y_pred.shape={logits.shape}"
        )
    numbers = ops.cast(y_true, "int32")
    if ignore_index is None:
        counts = ops.ones_like(numbers)
    else:
        counts = ops.cast(numbers != ignore_index, "int32")
    target = ops.one_hot(numbers * counts, logits.shape[-1], dtype=logits.dtype)
    return target, ops.cast(counts, logits.dtype)


def of_classes(logits: Any, **argument: Sequence[float] | None) -> Any:
    """The one argument given, one number a class, as a tensor that goes with logits; ones where it is None.

    Raises:
        ValueError: If there are not as many as classes.
    """
    ((name, values),) = argument.items()
    classes = logits.shape[-1]
    if values is None:
        return ops.ones((classes,), dtype=logits.dtype)
    if len(values) != classes:
        raise ValueError(f"Expected {classes} {name.replace('_', ' ')}. Received: {name}={values}")
    return ops.convert_to_tensor(values, dtype=logits.dtype)


def smoothed(target: Any, label_smoothing: float) -> Any:
    """Vectors over classes of which a share is spread evenly over all classes."""
    if not label_smoothing:
        return target
    return (1 - label_smoothing) * target + label_smoothing / target.shape[-1]


def counted(loss: Any, weight: Any, reduction: str | None) -> Any:
    """Losses whose mean is their sum divided by the sum of what they weigh, not by their number.

    Args:
        loss: One number a position, 0 where it is ignored.
        weight: What each position weighs, 0 where it is ignored.
        reduction: Keras's. Unreduced and summed losses are divided by nothing.
    """
    return loss if reduction in ("sum", "none", None) else loss / mean_weight(weight)


def mean_weight(weight: Any) -> Any:
    """What to divide by so that Keras's mean over positions becomes one by weight; 1 where nothing weighs anything."""
    mean = ops.mean(weight)
    return ops.where(mean > 0, mean, ops.ones_like(mean))


def where_counted(loss: Any, counts: Any, reduction: str | None) -> Any:
    """Losses of class numbers, 0 where they are ignored, whose mean leaves those out.

    Args:
        loss: One number a position.
        counts: 1 where a position counts and 0 where it is ignored; None if all count.
        reduction: Keras's.
    """
    return loss if counts is None else counted(loss * counts, counts, reduction)
