"""References of losses between boxes."""

from __future__ import annotations

import keras
import numpy as np

from ..golden import Golden
from ..loss_inputs import Inputs

_FILES = {
    "box_losses": ("iou", "giou", "diou", "ciou"),
    "box_losses_newer": ("eiou", "siou", "alpha_iou"),
}


def _boxes(generator, shape):
    corner = generator.uniform(size=(2, *shape[:-1], 2))
    size = generator.uniform(0.2, 1, size=corner.shape)
    return tuple(np.concatenate([corner, corner + size], axis=-1).astype("float32"))


def _extremes(dtype):
    ordinary = [[0, 0, 1, 1], [-1e4, -1e4, 1e4, 1e4], [1e4 - 8, 0, 1e4, 1], [0.25, 0.5, 0.75, 8]]
    without_area = [[0, 0, 0, 0], [1, 1, 1, 1], [3, 0, 3, 1], [0, 5, 1, 5]]
    for target in ordinary + without_area:
        # The slope by the aspect ratio of a point is beyond float16.
        for box in ordinary + (without_area if dtype != "float16" else []):
            yield np.array([target], "float64"), np.array([box], "float64")


def _head():
    return (keras.layers.Rescaling(0.1, offset=[0.0, 0.0, 1.0, 1.0]),)


BOX_LOSSES = {name: Golden(file) for file, names in _FILES.items() for name in names}
BOX_INPUTS = {
    name: Inputs(_boxes, _extremes, ((1, 4), (5, 4), (2, 3, 4)), output=(4,), head=_head, column=False)
    for name in BOX_LOSSES
}
