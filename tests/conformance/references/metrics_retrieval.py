"""References of metrics of neighbours."""

from __future__ import annotations

import numpy as np

from ..golden import Golden
from ..metric_inputs import MetricInputs


def _forms(case):
    y_true, y_pred = case.arrays["y_true"], case.arrays["y_pred"]
    for labels in (y_true[:, None], y_true.astype("float32"), y_true + 7, np.eye(y_true.max() + 1)[y_true]):
        yield (y_true, y_pred), (labels, y_pred)
    yield (y_true, y_pred), (y_true.tolist(), (y_pred * 4).tolist())
    yield (y_true, y_pred), (y_true, y_pred, np.full(len(y_true), 2.5))


def _extremes(case):
    y_true, y_pred = case.arrays["y_true"], case.arrays["y_pred"]
    for labels in (y_true, y_true * 0, np.arange(len(y_true))):
        for rows in (y_pred, y_pred * 0, y_pred * 1e4, y_pred * 1e-38):
            yield labels, rows


RETRIEVAL_METRICS = {"recall_at_k": Golden("retrieval")}
RETRIEVAL_METRIC_INPUTS = {"recall_at_k": MetricInputs(_forms, _extremes)}
