"""References of metrics of numbers, of values by themselves and of pictures."""

from __future__ import annotations

from ..golden import Golden
from ..metric_inputs import MetricInputs, weight_of


def _pair_forms(case):
    y_true, y_pred, weight = case.arrays["y_true"], case.arrays["y_pred"], weight_of(case)
    same = y_true, y_pred, weight
    yield same, (y_true.astype("float64"), y_pred.tolist(), weight[:, None])
    if y_true.ndim == 1:
        yield same, (y_true[:, None], y_pred, weight)
        yield same, (y_true, y_pred[:, None], weight)


def _pair_extremes(case):
    y_true, y_pred, weight = case.arrays["y_true"], case.arrays["y_pred"], weight_of(case)
    far, none, tiny, huge = y_true * 0 + 1e4, y_true * 0, y_true * 1e-38, y_true * 1e15
    pairs = (
        (y_true, y_true),
        (y_true, none),
        (none, y_pred),
        (far, y_pred),
        (far, -far),
        (tiny, tiny),
        (huge, -huge),
    )
    for targets, predictions in pairs:
        yield targets, predictions, weight


def _value_forms(case):
    values, weight = case.arrays["values"], weight_of(case)
    yield (values, weight), (values.astype("float64"), weight[:, None])
    yield (values[:20], weight[:20]), (values[:20].reshape(5, 4, -1), weight[:20].reshape(5, 4))


def _value_extremes(case):
    values, weight = case.arrays["values"], weight_of(case)
    for each in (values * 0, values * 1e-38, values * 1e37, values.round()):
        yield each, weight


def _picture_forms(case):
    y_true, y_pred, weight = case.arrays["y_true"], case.arrays["y_pred"], weight_of(case)
    yield (y_true, y_pred, weight), (y_true.astype("float64"), y_pred.astype("float32"), weight[:, None])


def _picture_extremes(case):
    y_true, weight = case.arrays["y_true"].astype("float32"), weight_of(case)
    for constant in (0.0, 1.0, 1e4):
        yield y_true, y_true * 0 + constant, weight
        yield y_true * 0 + 0.5, y_true * 0 + constant, weight


_PAIRS = MetricInputs(_pair_forms, _pair_extremes)
_VALUES = MetricInputs(_value_forms, _value_extremes, in_models=False)
_PICTURES = MetricInputs(_picture_forms, _picture_extremes)
_OF_PAIRS = ("spearman", "kendall", "explained_variance", "smape", "wmape")
_OF_VALUES = ("geometric_mean", "harmonic_mean")
_OF_PICTURES = ("psnr", "ssim", "ms_ssim")

NUMBER_METRICS = {
    **{name: Golden("regression_metrics") for name in (*_OF_PAIRS, *_OF_VALUES)},
    **{name: Golden("image_metrics") for name in _OF_PICTURES},
}
NUMBER_METRIC_INPUTS = {
    **dict.fromkeys(_OF_PAIRS, _PAIRS),
    **dict.fromkeys(_OF_VALUES, _VALUES),
    **dict.fromkeys(_OF_PICTURES, _PICTURES),
}
