"""References of losses between numbers."""

from __future__ import annotations

import keras
import numpy as np

from ..formulas import Array, Formula
from ..golden import Golden
from ..loss_inputs import Inputs, real_extremes

_PAIR = ("y_true", "y_pred")


def pinball(y_true: Array, y_pred: Array, quantile: float = 0.5) -> tuple[Array, Array]:
    lack = y_true - y_pred
    slope = np.where(lack > 0, -quantile, np.where(lack < 0, 1 - quantile, 0))
    return np.maximum(quantile * lack, (quantile - 1) * lack).mean(), slope / lack.size


def wing(y_true: Array, y_pred: Array, width: float = 10.0, epsilon: float = 2.0) -> tuple[Array, Array]:
    difference = y_pred - y_true
    error, inside = np.abs(difference), np.abs(difference) < width
    constant = width - width * np.log(1 + width / epsilon)
    value = np.where(inside, width * np.log(1 + error / epsilon), error - constant)
    slope = np.sign(difference) * np.where(inside, width / (epsilon + error), 1)
    return value.mean(), slope / slope.size


def adaptive_wing(
    y_true: Array,
    y_pred: Array,
    alpha: float = 2.1,
    omega: float = 14.0,
    epsilon: float = 1.0,
    theta: float = 0.5,
) -> tuple[Array, Array]:
    power, difference = alpha - y_true, y_pred - y_true
    error = np.abs(difference)
    line = omega / (1 + (theta / epsilon) ** power) * power * (theta / epsilon) ** (power - 1) / epsilon
    constant = theta * line - omega * np.log(1 + (theta / epsilon) ** power)
    curve = omega * np.log(1 + (error / epsilon) ** power)
    bend = omega * power * (error / epsilon) ** (power - 1) / epsilon / (1 + (error / epsilon) ** power)
    value = np.where(error < theta, curve, line * error - constant)
    slope = np.sign(difference) * np.where(error < theta, bend, line)
    return value.mean(), slope / slope.size


def _squares_in_range(dtype: str):
    return ((y_true / 100, y_pred / 100) for y_true, y_pred in real_extremes(dtype))


def _counts(generator, shape):
    return generator.poisson(2, size=shape).astype("float32"), generator.uniform(0.1, 2, size=shape).astype(
        "float32"
    )


def _count_extremes(dtype: str):
    rates = np.array([[10.0], [1.0], [5e-3], [0.3]])
    for count in (0, 1, 2, 100):
        yield np.full_like(rates, count), rates


def _heatmaps(generator, shape):
    return tuple(generator.uniform(size=shape).astype("float32") for _ in range(2))


def _peaks(generator, shape):
    return generator.uniform(size=shape), generator.normal(size=shape)


def _heatmap_extremes(dtype: str):
    for target in (0.0, 1e-40, 0.5, 1.0):
        for _, y_pred in real_extremes(dtype):
            yield np.full_like(y_pred, target), y_pred / 100


REGRESSION_LOSSES: dict[str, Golden | Formula] = {
    "adaptive_wing": Formula(
        "closed form in float64",
        adaptive_wing,
        (
            ({}, (6, 5)),
            ({"alpha": 2.5, "omega": 8.0, "epsilon": 0.5, "theta": 1.5}, (2, 4, 3, 1)),
        ),
        _PAIR,
        _peaks,
    ),
    "cauchy": Golden("regression_losses"),
    "charbonnier": Golden("regression_losses"),
    "geman_mcclure": Golden("regression_losses"),
    "l1": Golden("regression_losses"),
    "l2": Golden("regression_losses"),
    "pinball": Formula(
        "closed form in float64", pinball, (({}, (6, 5)), ({"quantile": 0.9}, (2, 4, 3, 1))), _PAIR
    ),
    "poisson_nll": Golden("regression_losses"),
    "welsch": Golden("regression_losses"),
    "wing": Formula(
        "closed form in float64",
        wing,
        (({}, (6, 5)), ({"width": 3.0, "epsilon": 0.5}, (2, 4, 3, 1))),
        _PAIR,
    ),
}
REGRESSION_INPUTS = {
    "adaptive_wing": Inputs(make=_heatmaps, extremes=_heatmap_extremes, column=False),
    "l1": Inputs(adds_elements=True),
    "l2": Inputs(extremes=_squares_in_range, adds_elements=True),
    "poisson_nll": Inputs(
        make=_counts, extremes=_count_extremes, head=lambda: (keras.layers.Activation("softplus"),)
    ),
}
