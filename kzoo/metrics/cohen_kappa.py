"""Agreement beyond chance."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("kzoo")
class CohenKappa(keras.metrics.Metric):
    """Cohen's kappa: how far predictions and targets agree beyond chance (Cohen 1960).

    κ = 1 - Σ w·O / Σ w·E, where O counts how often class i was predicted as j, E is what chance gives with the same
    totals, and w is what a confusion costs. 1 is full agreement, 0 what chance gives. Streaming over batches gives
    exactly what one pass over everything gives: the counts are kept, nothing is averaged.

    Args:
        num_classes: How many classes there are, from 2.
        weighting: What confusing classes i and j costs: None for 1, "linear" for |i - j|, "quadratic" for (i - j)².
        name: Name of the metric.
        dtype: What it counts in; `keras.config.floatx()` by default.

    Update it with targets and predictions, either of them as class numbers, shape `(batch,)` or `(batch, 1)`, or as
    one row a sample, shape `(batch, num_classes)`: one-hot, probabilities or logits, of which the largest counts.
    Further axes between are fine. Predictions that aren't whole numbers are rounded and kept within the classes, so
    a single sigmoid output or a regression on ordered classes works; targets outside the classes are left out.
    `sample_weight` has the shape of the targets, or only its first axes.

    The result is 0 while it is undefined: before any data, or when all of it lies in one class.

    Raises:
        ValueError: If an argument isn't one of those.

    What differs: the same as `sklearn.metrics.cohen_kappa_score(weights=…)`, which gives NaN where this gives 0.
    `tfa.metrics.CohenKappa` called it `weightage`, and wanted `sparse_labels` and `regression` said.

    >>> from kzoo.metrics import CohenKappa
    >>> metric = CohenKappa(num_classes=2)
    >>> metric.update_state([0, 1, 1, 0], [0, 1, 0, 0])
    >>> round(float(metric.result()), 4)
    0.5
    """

    def __init__(self, num_classes: int, weighting: str | None = None, name="cohen_kappa", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 2:
            raise ValueError(
                f"`num_classes` must be an integer from 2. Received: num_classes={num_classes!r}"
            )
        if weighting not in (None, "linear", "quadratic"):
            raise ValueError(
                f"`weighting` must be None, 'linear' or 'quadratic'. Received: weighting={weighting!r}"
            )
        self.num_classes = num_classes
        self.weighting = weighting
        self.confusion = self.add_variable((num_classes, num_classes), "zeros", name="confusion")

    def update_state(self, y_true, y_pred, sample_weight=None):
        targets = self._classes(ops.convert_to_tensor(y_true))
        guesses = ops.clip(self._classes(ops.convert_to_tensor(y_pred)), 0, self.num_classes - 1)
        weights = self._weights(sample_weight, targets)
        known = ops.logical_and(targets >= 0, targets < self.num_classes)
        cells = ops.where(known, targets * self.num_classes + ops.reshape(guesses, ops.shape(targets)), 0)
        counts = ops.segment_sum(
            ops.reshape(ops.where(known, weights, ops.zeros_like(weights)), (-1,)),
            ops.reshape(cells, (-1,)),
            num_segments=self.num_classes**2,
        )
        self.confusion.assign_add(ops.reshape(counts, (self.num_classes, self.num_classes)))

    def _classes(self, values):
        """Class numbers, without a last axis of size 1."""
        if len(values.shape) > 1 and values.shape[-1] == self.num_classes:
            return ops.cast(ops.argmax(values, axis=-1), "int32")
        if len(values.shape) > 1 and values.shape[-1] == 1:
            values = ops.squeeze(values, -1)
        if keras.backend.is_float_dtype(keras.backend.standardize_dtype(values.dtype)):
            values = ops.floor(ops.cast(values, "float32") + 0.5)
        return ops.cast(values, "int32")

    def _weights(self, sample_weight, targets):
        if sample_weight is None:
            return ops.ones_like(targets, dtype=self.dtype)
        weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        if len(weights.shape) == len(targets.shape) + 1:
            weights = ops.squeeze(weights, -1)
        while len(weights.shape) < len(targets.shape):
            weights = ops.expand_dims(weights, -1)
        return ops.broadcast_to(weights, ops.shape(targets))

    def result(self):
        observed = ops.convert_to_tensor(self.confusion)
        total = ops.sum(observed)
        rows, columns = ops.sum(observed, axis=1, keepdims=True), ops.sum(observed, axis=0, keepdims=True)
        expected = ops.divide_no_nan(rows, total) * columns
        cost = ops.convert_to_tensor(self._cost(), dtype=self.dtype)
        by_chance = ops.sum(cost * expected)
        kappa = 1 - ops.divide_no_nan(ops.sum(cost * observed), by_chance)
        return ops.where(by_chance > 0, kappa, ops.zeros_like(kappa))

    def _cost(self) -> np.ndarray:
        """What confusing class i with class j costs, shape `(num_classes, num_classes)`."""
        classes = np.arange(self.num_classes, dtype="float64")
        distance = np.abs(classes[:, None] - classes[None, :])
        return {None: np.sign(distance), "linear": distance, "quadratic": distance**2}[self.weighting]

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes, "weighting": self.weighting}
