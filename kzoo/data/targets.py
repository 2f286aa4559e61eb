"""Telling classes from numbers, for data that comes as arrays."""

from __future__ import annotations

import numpy as np

from kzoo.problems import KzooError, Problem

_AS_NUMBERS = "If these are numbers to predict rather than classes, set num_classes: 0."


def read_targets(
    parts: dict[str, np.ndarray], num_classes: int | None
) -> tuple[dict[str, np.ndarray], int | None]:
    """Checks the targets of all parts of a dataset and brings them into the form that a source holds.

    Args:
        parts: Targets by the name that errors are to use (`y`, `y_test`).
        num_classes: How many classes there are; None to count them; 0 where whole numbers are not classes.

    Returns:
        The targets, int64 labels or float32 numbers, and how many classes there are, None for numbers.

    Raises:
        KzooError: If they are no classes 0, 1, 2, … and no numbers either.
    """
    if num_classes is not None and (isinstance(num_classes, bool) or num_classes < 0 or num_classes == 1):
        raise KzooError(
            f"num_classes: expected 2 or more, or 0 for targets that are numbers, got {num_classes!r}"
        )
    # Labels of shape (count, 1) are plain labels with an axis too many.
    parts = {
        name: y[:, 0] if y.ndim == 2 and y.shape[1] == 1 and _whole(y) else y for name, y in parts.items()
    }
    for name, y in parts.items():
        if y.dtype.kind not in "biuf":
            raise KzooError(f"{name}: expected numbers, got {y.dtype}")
        if y.dtype.kind == "f":
            check_finite(name, y)
    if num_classes and not all(_whole(y) for y in parts.values()):
        raise KzooError(
            f"num_classes is {num_classes}, but {' and '.join(parts)} hold fractions, not classes"
        )
    if num_classes or (
        num_classes is None and all(y.dtype.kind in "biu" and y.ndim == 1 for y in parts.values())
    ):
        return _classes(parts, num_classes)
    return {name: y.astype(np.float32) for name, y in parts.items()}, None


def check_finite(name: str, values: np.ndarray) -> None:
    """Raises a KzooError that says where, if there is a NaN or an infinity."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.flatnonzero(wrong.reshape(len(values), -1).any(axis=1))[0])
        hint = "Leave such examples out, or fill the gaps, before saving."
        what = f"{name}: {int(wrong.sum()):,} values are NaN or infinite, the first in example {row} (from 0)"
        raise KzooError(Problem(what, hint=hint))


def _whole(y: np.ndarray) -> bool:
    return y.dtype.kind in "biu" or (y.dtype.kind == "f" and bool(np.all(y == np.floor(y))))


def _classes(parts: dict[str, np.ndarray], num_classes: int | None) -> tuple[dict[str, np.ndarray], int]:
    for name, y in parts.items():
        if y.ndim != 1:
            raise KzooError(f"{name}: expected one class an example, shape ({len(y)},), got shape {y.shape}")
        if y.min() < 0:
            where = int(np.argmin(y))
            what = f"{name}: classes count from 0, but example {where} has {y[where]:g}"
            raise KzooError(Problem(what, hint=_AS_NUMBERS))
    labels = {name: y.astype(np.int64) for name, y in parts.items()}
    highest = max(int(y.max()) for y in labels.values())
    count = sum(map(len, labels.values()))
    if num_classes is None:
        if highest == 0:
            raise KzooError(
                Problem("all examples are of class 0: there is nothing to tell apart", hint=_AS_NUMBERS)
            )
        if highest >= count:
            what = f"{count:,} examples have labels up to {highest:,}: more classes than examples"
            raise KzooError(Problem(what, hint=f"Number the classes 0, 1, 2, … {_AS_NUMBERS}"))
        return labels, highest + 1
    for name, y in labels.items():
        if y.max() >= num_classes:
            where = int(np.argmax(y))
            what = f"{name}: expected classes from 0 to {num_classes - 1}, but example {where} has {y[where]}"
            raise KzooError(what)
    return labels, num_classes
