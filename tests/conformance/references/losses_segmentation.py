"""References of losses of segmentation that look at classes together, at order, distance or connection."""

from __future__ import annotations

import keras
import numpy as np

from ..golden import Golden
from ..loss_inputs import Inputs


def _masks(generator, shape):
    mask = (generator.uniform(size=shape) < 0.4).astype("float32")
    return mask, generator.uniform(0.05, 0.95, size=shape).astype("float32")


def _numbers(generator, shape):
    if shape[-1] == 1:
        return _masks(generator, shape)
    y_true = generator.integers(0, shape[-1], size=shape[:-1])
    return y_true.astype("float32"), generator.uniform(0.05, 0.95, size=shape).astype("float32")


def _masks_extremes(*predictions):
    def pairs(dtype):
        empty, full = np.zeros((1, 9, 8, 3)), np.ones((1, 9, 8, 3))
        one = empty.copy()
        one[0, 0, 0] = 1
        for y_true in (empty, full, one):
            for y_pred in (empty, full, one, *(empty + each for each in predictions)):
                yield y_true, y_pred

    return pairs


def _inputs(make, predictions, *head, shapes=((1, 1, 1), (2, 7, 3), (3, 4, 5, 1), (2, 3, 4, 2, 2))):
    return Inputs(
        make,
        _masks_extremes(*predictions),
        shapes,
        lambda shape: shape[:1],
        (3, 2, 3),
        lambda: (*(keras.layers.Activation(each) for each in head), keras.layers.Reshape((3, 2, 3))),
        column=False,
    )


_PROBABILITIES, _LOGITS = (1e-40, 0.5), (1e4, -1e4, -1.0, 1e-40)
SEGMENTATION_INPUTS = {
    "cl_dice": _inputs(
        _masks, _PROBABILITIES, "sigmoid", shapes=((1, 1, 1, 1), (3, 4, 5, 1), (2, 3, 4, 2, 2))
    ),
    "dice_ce": _inputs(_numbers, _LOGITS),
    "generalized_dice": _inputs(_numbers, _PROBABILITIES, "sigmoid"),
    "hausdorff_dt": _inputs(_numbers, _PROBABILITIES, "sigmoid"),
    "lovasz_hinge": _inputs(_masks, _LOGITS),
    "lovasz_softmax": _inputs(_numbers, _PROBABILITIES, "sigmoid"),
    "mcc": _inputs(_numbers, _PROBABILITIES, "sigmoid"),
}
SEGMENTATION_LOSSES = {name: Golden("segmentation_losses") for name in SEGMENTATION_INPUTS}
