"""References of losses of segmentation: picture by picture and class by class."""

from __future__ import annotations

import keras
import numpy as np

from ..formulas import Array, Formula
from ..loss_inputs import Inputs


def focal_tversky(
    y_true: Array, y_pred: Array, alpha=0.3, beta=0.7, gamma=0.75, smooth=1e-3
) -> tuple[Array, Array]:
    value, slope = 0.0, np.zeros_like(y_pred)
    for picture in range(y_pred.shape[0]):
        for c in range(y_pred.shape[-1]):
            y, p = y_true[picture, ..., c], y_pred[picture, ..., c]
            above = (y * p).sum() + smooth
            below = above + alpha * (p * (1 - y)).sum() + beta * ((1 - p) * y).sum()
            loss = 1 - above / below
            change = -y / below + above * (y + alpha * (1 - y) - beta * y) / below**2
            value += loss**gamma
            slope[picture, ..., c] = gamma * loss ** (gamma - 1) * change
    number = y_pred.shape[0] * y_pred.shape[-1]
    return np.float64(value / number), slope / number


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, smooth=1e-3):
    return focal_tversky(y_true, y_pred, alpha, beta, 1.0, smooth)


def dice(y_true, y_pred, smooth=1e-3):
    return tversky(y_true, y_pred, 0.5, 0.5, smooth)


def jaccard(y_true, y_pred, smooth=1e-3):
    return tversky(y_true, y_pred, 1.0, 1.0, smooth)


def _masks(generator, shape):
    return (generator.uniform(size=shape) < 0.4).astype("float64"), generator.uniform(0.05, 0.95, size=shape)


def _floats(generator, shape):
    return tuple(each.astype("float32") for each in _masks(generator, shape))


def _extremes(dtype):
    empty, full = np.zeros((1, 300, 300, 1)), np.ones((1, 300, 300, 1))
    one = empty.copy()
    one[0, 0, 0, 0] = 1
    for y_true in (empty, full, one):
        for y_pred in (empty, full, one, empty + 1e-40, empty + 0.5):
            yield y_true, y_pred


def _head():
    return keras.layers.Activation("sigmoid"), keras.layers.Reshape((3, 2, 2))


def _against(function, *arguments):
    shapes = ((3, 4, 5, 2), (2, 9, 1))
    return Formula(
        "closed form in float64",
        function,
        tuple(zip(({}, *arguments), shapes, strict=True)),
        ("y_true", "y_pred"),
        _masks,
    )


OVERLAP_LOSSES = {
    "dice": _against(dice, {"smooth": 1.0}),
    "focal_tversky": _against(focal_tversky, {"alpha": 0.6, "beta": 0.2, "gamma": 1.5, "smooth": 1.0}),
    "jaccard": _against(jaccard, {"smooth": 1.0}),
    "tversky": _against(tversky, {"alpha": 0.2, "beta": 0.9, "smooth": 1.0}),
}
OVERLAP_INPUTS = {
    name: Inputs(
        _floats,
        _extremes,
        ((1, 1, 1), (2, 7, 3), (3, 4, 5, 1), (2, 3, 4, 2, 2)),
        lambda shape: shape[:1],
        (3, 2, 2),
        _head,
        column=False,
    )
    for name in OVERLAP_LOSSES
}
