"""Several labels a sample: how many are wrong, and how often none is."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.shapes import same_rank
from kzoo.metrics.shapes import check_shapes, is_float, weighted, weights_of, weights_of_samples
from kzoo.metrics.streaming import Streaming


@keras.saving.register_keras_serializable("kzoo")
class Hamming(Streaming):
    """Hamming loss: the share of all labels that are wrong, 0 at best.

    Args:
        threshold: Predictions above it mean that the label is there; 0 for logits.
        name: Name of the metric.
        dtype: float64 to count in it; float32 otherwise.

    Update it with targets of 0 and 1 and predictions of the same shape, `(batch,)` or `(batch, labels)`:
    probabilities, logits with `threshold=0`, or whole numbers. Class numbers `(batch, …)` beside scores
    `(batch, …, classes)` work too: then the largest score counts, and it is one minus the accuracy. `sample_weight`
    has the shape of the targets, or only its first axes.

    The result is 0 before any data.

    Raises:
        ValueError: If the shapes don't go together.

    What differs: the same as `sklearn.metrics.hamming_loss` and `torchmetrics.classification.MultilabelHammingDistance`
    with `average="micro"`; unless told, torchmetrics averages by label, which is the same without weights.

    >>> from kzoo.metrics import Hamming
    >>> metric = Hamming()
    >>> metric.update_state([[1, 0, 1], [0, 0, 1]], [[0.9, 0.2, 0.3], [0.1, 0.4, 0.8]])
    >>> round(float(metric.result()), 4)  # one label of six
    0.1667
    """

    def __init__(self, threshold: float = 0.5, name="hamming", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.threshold = float(threshold)
        self._wrong, self._weight = self.running_sum("wrong"), self.running_sum("weight")

    def update_state(self, y_true, y_pred, sample_weight=None):
        _, right = _compared(y_true, y_pred, self.threshold)
        weights = weights_of(sample_weight, right, self.state_dtype, y_pred)
        self._wrong.add(ops.sum(ops.where(right, ops.zeros_like(weights), weights)))
        self._weight.add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self._wrong.value(), self._weight.value())

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable("kzoo")
class ExactMatch(Streaming):
    """The share of samples of which every label is right: subset accuracy.

    Args:
        threshold: Predictions above it mean that the label is there; 0 for logits.
        ignore_class: A target that any prediction is right for, say padding; None for no such.
        name: Name of the metric.
        dtype: float64 to count in it; float32 otherwise.

    Update it with targets of 0 and 1 and predictions of the same shape, `(batch, labels)`: probabilities, logits with
    `threshold=0`, or whole numbers. Or with class numbers `(batch, …)` beside scores `(batch, …, classes)`, of which
    the largest counts: a sequence is right if every step of it is. Steps that Keras masks needn't be right.
    `sample_weight` has one weight a sample.

    The result is 0 before any data.

    Raises:
        ValueError: If the shapes don't go together, or `sample_weight` has further axes.

    What differs: the same as `torchmetrics.ExactMatch`, and for labels as `sklearn.metrics.accuracy_score`.

    >>> from kzoo.metrics import ExactMatch
    >>> metric = ExactMatch()
    >>> metric.update_state([[1, 0, 1], [0, 0, 1]], [[0.9, 0.2, 0.3], [0.1, 0.4, 0.8]])
    >>> float(metric.result())
    0.5
    """

    def __init__(
        self, threshold: float = 0.5, ignore_class: int | None = None, name="exact_match", dtype=None
    ):
        super().__init__(name=name, dtype=dtype)
        self.threshold, self.ignore_class = float(threshold), ignore_class
        self._matches, self._weight = self.running_sum("matches"), self.running_sum("weight")

    def update_state(self, y_true, y_pred, sample_weight=None):
        targets, right = _compared(y_true, y_pred, self.threshold)
        if self.ignore_class is not None:
            right = ops.logical_or(right, targets == self.ignore_class)
        right = ops.logical_or(right, weights_of(None, right, self.state_dtype, y_pred) == 0)
        right = ops.cast(ops.all(right, axis=tuple(range(1, len(right.shape)))), self.state_dtype)
        weights = weights_of_samples(sample_weight, right, self.state_dtype)
        self._matches.add(ops.sum(weighted(right, weights)))
        self._weight.add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self._matches.value(), self._weight.value())

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold, "ignore_class": self.ignore_class}


def _compared(y_true, y_pred, threshold):
    """Targets, and where the prediction is what the target is."""
    y_true, y_pred = same_rank(y_true, y_pred)
    if len(y_pred.shape) == len(y_true.shape) + 1:
        y_pred = ops.argmax(y_pred, axis=-1)
    elif is_float(y_pred):
        y_pred = y_pred > threshold
    check_shapes(y_true, y_pred)
    targets = ops.cast(y_true, "int32")
    return targets, targets == ops.cast(y_pred, "int32")
