"""The share of a depth map that is near enough."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.metrics.depth import DepthMetric


class WithinFactor(DepthMetric):
    """Share of the pixels of which prediction and target are within a factor of each other, below 1.25 to a power.

    Args:
        power: The power.
        epsilon: Predictions below it count as it, in the unit of the targets, above 0.
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.
    """

    def __init__(self, power: int, epsilon: float = 1e-3, name: str | None = None, dtype: Any = None):
        super().__init__(epsilon, name=name, dtype=dtype)
        self._factor = 1.25**power

    def of_pixels(self, y_true, y_pred):
        y_pred = ops.maximum(y_pred, self.epsilon)
        within = ops.logical_and(y_pred < self._factor * y_true, y_true < self._factor * y_pred)
        return ops.cast(within, y_true.dtype)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("kzoo")
class Delta1(WithinFactor):
    """Threshold accuracy δ₁ of depth maps: the share of pixels with max(p/y, y/p) below 1.25.

    Args:
        epsilon: Predictions below it count as it, in the unit of the targets, above 0.
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Update it with depths and predictions of the same shape, `(batch, …)`, say in metres `(batch, height, width, 1)`.
    Pixels whose target isn't above 0 are left out, and so are maps without any other. `sample_weight` has one weight
    a map. One share a map, then their mean; 0 before any data.

    Raises:
        ValueError: If `epsilon` isn't positive, the shapes don't go together or `sample_weight` has further axes.

    Paper: Eigen, Puhrsch and Fergus 2014, arXiv:1406.2283; the threshold is from Ladický, Shi and Pollefeys 2014.

    What differs: called a1, d1 or "δ < 1.25" in other evaluations; a share, not percent.

    >>> from kzoo.metrics import Delta1
    >>> metric = Delta1()
    >>> metric.update_state([[1.0, 1.0, 0.0]], [[1.2, 1.4, 9.0]])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, epsilon: float = 1e-3, name="delta1", dtype=None):
        super().__init__(1, epsilon, name=name, dtype=dtype)


@keras.saving.register_keras_serializable("kzoo")
class Delta2(WithinFactor):
    """Threshold accuracy δ₂ of depth maps: the share of pixels with max(p/y, y/p) below 1.25² = 1.5625.

    Args:
        epsilon: Predictions below it count as it, in the unit of the targets, above 0.
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Called as `Delta1`, and raises what that does.

    >>> from kzoo.metrics import Delta2
    >>> metric = Delta2()
    >>> metric.update_state([[1.0, 1.0, 0.0]], [[1.2, 1.4, 9.0]])
    >>> float(metric.result())
    1.0
    """

    def __init__(self, epsilon: float = 1e-3, name="delta2", dtype=None):
        super().__init__(2, epsilon, name=name, dtype=dtype)


@keras.saving.register_keras_serializable("kzoo")
class Delta3(WithinFactor):
    """Threshold accuracy δ₃ of depth maps: the share of pixels with max(p/y, y/p) below 1.25³ = 1.953125.

    Args:
        epsilon: Predictions below it count as it, in the unit of the targets, above 0.
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Called as `Delta1`, and raises what that does.

    >>> from kzoo.metrics import Delta3
    >>> metric = Delta3()
    >>> metric.update_state([[1.0, 1.0, 0.0]], [[0.5, 1.9, 9.0]])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, epsilon: float = 1e-3, name="delta3", dtype=None):
        super().__init__(3, epsilon, name=name, dtype=dtype)
