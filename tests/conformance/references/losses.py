"""References of losses, and those that are closed forms."""

from __future__ import annotations

import numpy as np

from ..formulas import Array, Formula
from ..golden import Golden
from ..loss_inputs import Inputs
from .losses_boxes import BOX_INPUTS, BOX_LOSSES
from .losses_classes import CLASS_INPUTS, CLASS_LOSSES
from .losses_classification import CLASSIFICATION_INPUTS, CLASSIFICATION_LOSSES
from .losses_depth import DEPTH_INPUTS, DEPTH_LOSSES
from .losses_metric_learning import METRIC_LEARNING_INPUTS, METRIC_LEARNING_LOSSES
from .losses_other import OTHER_INPUTS, OTHER_LOSSES
from .losses_overlap import OVERLAP_INPUTS, OVERLAP_LOSSES
from .losses_pictures import PICTURE_INPUTS, PICTURE_LOSSES
from .losses_regression import REGRESSION_INPUTS, REGRESSION_LOSSES
from .losses_segmentation import SEGMENTATION_INPUTS, SEGMENTATION_LOSSES

_PAIR = ("y_true", "y_pred")


def berhu(y_true: Array, y_pred: Array, threshold: float = 0.2) -> tuple[Array, Array]:
    difference = y_pred - y_true
    error = np.abs(difference)
    corner = threshold * error.max()
    value = np.where(error <= corner, error, (error**2 + corner**2) / (2 * corner))
    slope = np.sign(difference) * np.where(error <= corner, 1, error / corner)
    return value.mean(), slope / slope.size


LOSSES: dict[str, Golden | Formula] = {
    "berhu": Formula(
        "closed form in float64", berhu, (({}, (6, 5)), ({"threshold": 0.6}, (2, 4, 3, 1))), _PAIR
    ),
    "smooth_l1": Golden("losses"),
    **REGRESSION_LOSSES,
    **DEPTH_LOSSES,
    **BOX_LOSSES,
    **OTHER_LOSSES,
    **OVERLAP_LOSSES,
    **METRIC_LEARNING_LOSSES,
    **PICTURE_LOSSES,
    **SEGMENTATION_LOSSES,
    **CLASS_LOSSES,
    **CLASSIFICATION_LOSSES,
}
# Where a loss takes something else than two arrays of real numbers of one shape.
INPUTS: dict[str, Inputs] = {
    **REGRESSION_INPUTS,
    **DEPTH_INPUTS,
    **BOX_INPUTS,
    **OTHER_INPUTS,
    **OVERLAP_INPUTS,
    **METRIC_LEARNING_INPUTS,
    **PICTURE_INPUTS,
    **SEGMENTATION_INPUTS,
    **CLASS_INPUTS,
    **CLASSIFICATION_INPUTS,
}
