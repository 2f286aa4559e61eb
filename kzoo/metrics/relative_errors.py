"""Errors relative to what is measured."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.metrics.shapes import same_shape, weighted, weights_of
from kzoo.metrics.streaming import Streaming

_SMALLEST = 1.17e-6  # what torchmetrics divides by at least


@keras.saving.register_keras_serializable("kzoo")
class SMAPE(Streaming):
    """Symmetric mean absolute percentage error, mean of 2|y - p| / (|y| + |p|): a share from 0 to 2.

    Args:
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Update it with targets and predictions of the same shape, `(batch, …)`. Where both are 0 the error is. A number is
    taken as 1.17e-6 at least below the line. `sample_weight` has the shape of the targets, or only its first axes.

    The result is 0 before any data.

    Raises:
        ValueError: If the shapes don't go together.

    Paper: Makridakis and Hibon 2000, The M3-Competition.

    What differs: a share as in `torchmetrics.SymmetricMeanAbsolutePercentageError`, where Keras's `mape` and the
    M competitions count in percent.

    >>> from kzoo.metrics import SMAPE
    >>> metric = SMAPE()
    >>> metric.update_state([1.0, 2.0], [3.0, 2.0])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name="smape", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._errors, self._weight = self.running_sum("errors"), self.running_sum("weight")

    def update_state(self, y_true, y_pred, sample_weight=None):
        targets, predictions = same_shape(y_true, y_pred, self.state_dtype)
        weights = weights_of(sample_weight, targets, self.state_dtype, y_pred)
        # Halved on both sides, so that the largest numbers don't overflow.
        sizes = ops.maximum(ops.abs(targets) / 2 + ops.abs(predictions) / 2, _SMALLEST / 2)
        self._errors.add(ops.sum(weighted(ops.abs(targets / sizes - predictions / sizes), weights)))
        self._weight.add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self._errors.value(), self._weight.value())


@keras.saving.register_keras_serializable("kzoo")
class WMAPE(Streaming):
    """Weighted mean absolute percentage error, Σ|y - p| / Σ|y|: the share of the whole that is wrong.

    Unlike the mean of |y - p| / |y| it doesn't explode where a target is near 0: what is small weighs little.

    Args:
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Update it with targets and predictions of the same shape, `(batch, …)`. Σ|y| is taken as 1.17e-6 at least.
    `sample_weight` has the shape of the targets, or only its first axes; it enters both sums.

    The result is 0 before any data.

    Raises:
        ValueError: If the shapes don't go together.

    Paper: Kolassa and Schütz 2007, Advantages of the MAD/Mean Ratio over the MAPE.

    What differs: a share as in `torchmetrics.WeightedMeanAbsolutePercentageError`, where Keras's `mape` is in percent.

    >>> from kzoo.metrics import WMAPE
    >>> metric = WMAPE()
    >>> metric.update_state([1.0, 3.0], [2.0, 3.0])
    >>> float(metric.result())
    0.25
    """

    def __init__(self, name="wmape", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._errors, self._sizes = self.running_sum("errors"), self.running_sum("sizes")

    def update_state(self, y_true, y_pred, sample_weight=None):
        targets, predictions = same_shape(y_true, y_pred, self.state_dtype)
        weights = weights_of(sample_weight, targets, self.state_dtype, y_pred)
        self._errors.add(ops.sum(weighted(ops.abs(targets - predictions), weights)))
        self._sizes.add(ops.sum(weighted(ops.abs(targets), weights)))

    def result(self):
        return self._errors.value() / ops.maximum(self._sizes.value(), _SMALLEST)
