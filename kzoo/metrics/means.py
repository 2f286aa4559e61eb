"""Means other than the arithmetic one."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.metrics.shapes import weighted, weights_of
from kzoo.metrics.streaming import Streaming


@keras.saving.register_keras_serializable("kzoo")
class GeometricMean(Streaming):
    """Running geometric mean of values of your own, exp(Σ w ln v / Σ w): for ratios and rates.

    Args:
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Update it with values above 0 of any shape, and `sample_weight` of that shape or of its first axes. A single 0
    makes it 0; values below 0 make it not a number. The result is 0 before any data.

    Raises:
        ValueError: If the shapes don't go together.

    What differs: it takes values, as `keras.metrics.Mean` does, not targets and predictions; the same as
    `tfa.metrics.GeometricMean` and `scipy.stats.gmean`. imbalanced-learn's geometric mean is another: of recalls.

    >>> from kzoo.metrics import GeometricMean
    >>> metric = GeometricMean()
    >>> metric.update_state([1.0, 100.0])
    >>> round(float(metric.result()), 3)
    10.0
    """

    def __init__(self, name="geometric_mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._logs, self._weight = self.running_sum("logs"), self.running_sum("weight")

    def update_state(self, values, sample_weight=None):
        values = ops.cast(values, self.state_dtype)
        weights = weights_of(sample_weight, values, self.state_dtype, values)
        self._logs.add(ops.sum(weighted(ops.log(values), weights)))
        self._weight.add(ops.sum(weights))

    def result(self):
        weight = self._weight.value()
        mean = ops.exp(ops.divide_no_nan(self._logs.value(), weight))
        return ops.where(weight > 0, mean, ops.zeros_like(mean))


@keras.saving.register_keras_serializable("kzoo")
class HarmonicMean(Streaming):
    """Running harmonic mean of values of your own, Σ w / Σ (w / v): for speeds and rates.

    Args:
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Update it with values above 0 of any shape, and `sample_weight` of that shape or of its first axes. A single 0
    makes it 0. The result is 0 before any data.

    Raises:
        ValueError: If the shapes don't go together.

    What differs: it takes values, as `keras.metrics.Mean` does, not targets and predictions; the same as
    `tfa.metrics.HarmonicMean` and `scipy.stats.hmean`.

    >>> from kzoo.metrics import HarmonicMean
    >>> metric = HarmonicMean()
    >>> metric.update_state([1.0, 3.0])
    >>> float(metric.result())
    1.5
    """

    def __init__(self, name="harmonic_mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._inverses, self._weight = self.running_sum("inverses"), self.running_sum("weight")

    def update_state(self, values, sample_weight=None):
        values = ops.cast(values, self.state_dtype)
        weights = weights_of(sample_weight, values, self.state_dtype, values)
        self._inverses.add(ops.sum(weighted(1 / values, weights)))
        self._weight.add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self._weight.value(), self._inverses.value())
