"""References of metrics of depth maps: the formulas, map by map, in NumPy."""

from __future__ import annotations

import numpy as np

from ..formulas import Formula
from ..metric_inputs import MetricInputs, weight_of
from .losses_depth import _depths

_INPUTS = ("y_true", "y_pred", "sample_weight")


def _by_map(of_map):
    def reference(y_true, y_pred, sample_weight, **arguments):
        values = [
            of_map(y[y > 0], p[y > 0], **arguments) if (y > 0).any() else 0 for y, p in zip(y_true, y_pred)
        ]
        weight = sample_weight * [(y > 0).any() for y in y_true]
        return np.average(values, weights=weight), None

    return reference


def _silog(y, p, weight=1.0, root=True, epsilon=1e-3):
    d = np.log(np.maximum(p, epsilon)) - np.log(y)
    value = np.mean(d**2) - weight * np.mean(d) ** 2
    return np.sqrt(value) if root else value


def _rmse_log(y, p, epsilon=1e-3):
    return np.sqrt(np.mean((np.log(np.maximum(p, epsilon)) - np.log(y)) ** 2))


def _within(power):
    return lambda y, p, epsilon=1e-3: np.mean(np.maximum(y / p, p / y) < 1.25**power)


def _draw(generator, shape):
    y_true, y_pred = (each.astype("float32").astype("float64") for each in _depths(generator, shape))
    y_true[1] = 0  # a map of which nothing was seen
    return y_true, y_pred, generator.integers(1, 4, size=shape[0]).astype("float32")


def _forms(case):
    y_true, y_pred, weight = case.arrays["y_true"], case.arrays["y_pred"], weight_of(case)
    same = y_true, y_pred, weight
    yield same, (np.minimum(y_true, y_true * 0 + 9).astype("float64"), y_pred, weight[:, None])
    yield same, (np.where(y_true > 0, y_true, -5), np.where(y_true > 0, y_pred, 1e4), weight)
    if y_true.shape[-1] == 1:
        yield same, (y_true[..., 0], y_pred, weight)
        yield same, (y_true, y_pred[..., 0], weight)


def _extremes(case):
    y_true, y_pred, weight = case.arrays["y_true"], case.arrays["y_pred"], weight_of(case)
    for targets in (y_true, y_true * 0, y_true * 0 - 1, y_true * 1e-30, y_true * 1e4):
        for predictions in (y_pred, y_pred * 0, -y_pred, y_pred * 1e-30):
            yield targets, predictions, weight


def _formula(of_map, *more):
    settings = (({}, (6, 4, 5, 1)), *(({**each}, (6, 3, 5)) for each in more))
    return Formula("closed form in float64", _by_map(of_map), settings, _INPUTS, _draw)


DEPTH_METRICS = {
    "abs_rel": _formula(lambda y, p: np.mean(np.abs(y - p) / y)),
    "sq_rel": _formula(lambda y, p: np.mean((y - p) ** 2 / y)),
    "depth_rmse": _formula(lambda y, p: np.sqrt(np.mean((y - p) ** 2))),
    "rmse_log": _formula(_rmse_log, {"epsilon": 0.8}),
    "silog": _formula(_silog, {"weight": 0.5, "root": False}),
    **{f"delta{power}": _formula(_within(power)) for power in (1, 2, 3)},
}
DEPTH_METRIC_INPUTS = {name: MetricInputs(_forms, _extremes) for name in DEPTH_METRICS}
