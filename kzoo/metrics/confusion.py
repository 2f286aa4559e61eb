"""Counting which class was taken for which."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.arguments import one_of, whole_number
from kzoo.metrics.shapes import check_shapes, is_float, weights_of
from kzoo.metrics.streaming import Streaming


class Confusion(Streaming):
    """A metric that follows from how often class i was predicted as j: its state is that table.

    Args:
        num_classes: How many classes there are, from 2.
        name: Name of the metric.
        dtype: float64 to count in it; float32 otherwise.
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = whole_number(num_classes=num_classes, least=2)
        self._counts = self.running_sum("confusion", (num_classes, num_classes))

    def update_state(self, y_true, y_pred, sample_weight=None):
        targets, guesses = class_numbers(y_true, y_pred, self.num_classes)
        weights = weights_of(sample_weight, targets, self.state_dtype, y_pred)
        self._counts.add(table(targets, guesses, weights, self.num_classes))

    def counts(self) -> Any:
        """The table: rows are targets, columns predictions."""
        return self._counts.value()

    def by_class(self) -> tuple[Any, Any, Any]:
        """Hits, how often each class was the target, and how often it was predicted: `(num_classes,)` each."""
        counts = self.counts()
        return ops.diagonal(counts), ops.sum(counts, axis=1), ops.sum(counts, axis=0)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


def table(targets: Any, guesses: Any, weights: Any, num_classes: int) -> Any:
    """How often each class was taken for each: targets by row, predictions by column.

    Args:
        targets: Class numbers, of any shape; those outside the classes aren't counted.
        guesses: Class numbers, of the same shape.
        weights: What each of them counts, of the same shape.
        num_classes: How many classes there are.

    Returns:
        `(num_classes, num_classes)`, in the dtype of the weights.
    """
    known = ops.logical_and(targets >= 0, targets < num_classes)
    counts = ops.segment_sum(
        ops.reshape(ops.where(known, weights, ops.zeros_like(weights)), (-1,)),
        ops.reshape(ops.where(known, targets * num_classes + guesses, 0), (-1,)),
        num_segments=num_classes**2,
    )
    return ops.reshape(counts, (num_classes, num_classes))


def class_numbers(y_true: Any, y_pred: Any, num_classes: int) -> tuple[Any, Any]:
    """Targets and predictions as class numbers, whichever of their forms they come in.

    Args:
        y_true: Class numbers, or one row a sample.
        y_pred: Likewise.
        num_classes: How many classes there are.

    Returns:
        Two int32 tensors of the same shape. Predictions lie within the classes, targets may not.

    Raises:
        ValueError: If the shapes don't go together.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    more = len(y_pred.shape) - len(y_true.shape)
    # Where one side has an axis more, that is the axis of classes, and the other side has none.
    targets = _numbers(y_true, num_classes, plain=more == 1 and y_pred.shape[-1] == num_classes)
    guesses = _numbers(y_pred, num_classes, plain=more == -1 and y_true.shape[-1] == num_classes)
    check_shapes(targets, guesses)
    return targets, ops.clip(guesses, 0, num_classes - 1)


def _numbers(values, num_classes, plain):
    if len(values.shape) > 1 and not plain:
        if values.shape[-1] == num_classes:
            return ops.cast(ops.argmax(values, axis=-1), "int32")
        if values.shape[-1] == 1:
            values = ops.squeeze(values, -1)
    if is_float(values):
        values = ops.floor(ops.cast(values, "float32") + 0.5)
    return ops.cast(values, "int32")


@keras.saving.register_keras_serializable("kzoo")
class ConfusionMatrix(Confusion):
    """How often class i was predicted as class j: a table, targets by row, predictions by column.

    Args:
        num_classes: How many classes there are, from 2.
        normalize: What is divided by: None for nothing, "true" for how often the target occurred (rows add up to 1),
            "pred" for how often the prediction did (columns add up to 1), "all" for everything.
        name: Name of the metric.
        dtype: float64 to count in it; float32 otherwise, which holds whole numbers up to 16.7 million.

    Update it with targets and predictions, either of them as class numbers, shape `(batch,)` or `(batch, 1)`, or as
    one row a sample, shape `(batch, num_classes)`: one-hot, probabilities or logits, of which the largest counts.
    Further axes between are fine. Predictions that aren't whole numbers are rounded and kept within the classes;
    targets outside the classes are left out. `sample_weight` has the shape of the targets, or only its first axes.

    The result has the shape `(num_classes, num_classes)`: for `evaluate` and loops of your own, rather than for a
    history of single numbers. Rows or columns in which nothing was seen are 0.

    Raises:
        ValueError: If an argument isn't one of those, or the shapes don't go together.

    What differs: the same table as sklearn's and torchmetrics', which call predictions out of range an error.

    >>> from kzoo.metrics import ConfusionMatrix
    >>> metric = ConfusionMatrix(num_classes=2)
    >>> metric.update_state([0, 1, 1, 0], [0, 1, 0, 0])
    >>> [[int(count) for count in row] for row in metric.result()]
    [[2, 0], [1, 1]]
    """

    def __init__(self, num_classes: int, normalize: str | None = None, name="confusion_matrix", dtype=None):
        super().__init__(num_classes, name=name, dtype=dtype)
        self.normalize = one_of(None, "true", "pred", "all", normalize=normalize)

    def result(self):
        counts = self.counts()
        if self.normalize is None:
            return counts
        axis = {"true": 1, "pred": 0, "all": (0, 1)}[self.normalize]
        return ops.divide_no_nan(counts, ops.sum(counts, axis=axis, keepdims=True))

    def get_config(self):
        return {**super().get_config(), "normalize": self.normalize}
