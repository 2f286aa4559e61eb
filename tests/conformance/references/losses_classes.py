"""References of losses of classes."""

from __future__ import annotations

import numpy as np

from ..golden import Golden
from ..loss_inputs import Inputs


def _numbers(generator, shape):
    y_true = generator.integers(0, shape[-1], size=shape[:-1])
    return y_true.astype("float32"), generator.normal(size=shape).astype("float32")


def _extremes(dtype):
    for logits in ([0, 0, 0, 0], [1e4, -1e4, 0, -1e-40], [-1e4, -1e4, -1e4, -1e4], [1e4, 1e4, 3e-8, 1]):
        for target in (0, 1, 3, -100):
            yield np.array([target]), np.array([logits], "float64")
        for target in ([0, 0, 0, 0], [0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25]):
            yield np.array([target], "float64"), np.array([logits], "float64")


CLASS_LOSSES = {"cross_entropy": Golden("class_losses")}
CLASS_INPUTS = {
    "cross_entropy": Inputs(
        _numbers, _extremes, ((1, 4), (7, 3), (3, 1, 5), (2, 3, 4, 6)), output=(4,), column=False
    )
}
