"""References of metrics."""

from __future__ import annotations

from ..formulas import Formula
from ..golden import Golden
from ..metric_inputs import MetricInputs
from .metrics_classes import CLASS_METRIC_INPUTS, CLASS_METRICS
from .metrics_depth import DEPTH_METRIC_INPUTS, DEPTH_METRICS
from .metrics_numbers import NUMBER_METRIC_INPUTS, NUMBER_METRICS
from .metrics_retrieval import RETRIEVAL_METRIC_INPUTS, RETRIEVAL_METRICS

METRICS: dict[str, Golden | Formula] = {
    **CLASS_METRICS,
    **NUMBER_METRICS,
    **DEPTH_METRICS,
    **RETRIEVAL_METRICS,
}
METRIC_INPUTS: dict[str, MetricInputs] = {
    **CLASS_METRIC_INPUTS,
    **NUMBER_METRIC_INPUTS,
    **DEPTH_METRIC_INPUTS,
    **RETRIEVAL_METRIC_INPUTS,
}
