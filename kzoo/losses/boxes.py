"""Losses between boxes, given by their corners."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.losses.arguments import positive
from kzoo.losses.precision import at_least_float32


@keras.saving.register_keras_serializable("kzoo")
class IoU(keras.losses.Loss):
    """One minus the overlap of two boxes: intersection over union.

    Boxes that don't touch cost 1 wherever they are, and get no gradient: `GIoU` and its kin mend that.

    Args:
        epsilon: Added to what is divided by, above 0.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …, 4)`: x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2. One number
    a box, then reduced.

    Raises:
        ValueError: If `epsilon` isn't positive, or the last axis isn't 4.

    Paper: Yu et al. 2016, UnitBox, arXiv:1608.01471 (there the negative logarithm of the overlap).

    What differs: torchvision has no loss of it, only its three successors. TensorFlow Addons had y before x.

    >>> from kzoo.losses import IoU
    >>> round(float(IoU()([[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 2.0, 1.0]])), 4)
    0.5
    """

    def __init__(self, epsilon: float = 1e-7, reduction="sum_over_batch_size", name="iou", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.epsilon = positive(epsilon=epsilon)

    def call(self, y_true, y_pred):
        target, box = _corners(y_true, y_pred)
        return 1 - _overlap(target, box, self.epsilon)[0]

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "dtype": self.dtype}


@keras.saving.register_keras_serializable("kzoo")
class GIoU(keras.losses.Loss):
    """One minus the overlap, plus the empty share of the smallest box around both (Rezatofighi et al. 2019).

    Args:
        epsilon: Added to what is divided by, above 0.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …, 4)`: x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2. One number
    a box from 0 to 2, then reduced.

    Raises:
        ValueError: If `epsilon` isn't positive, or the last axis isn't 4.

    Paper: Rezatofighi et al. 2019, Generalized Intersection over Union, arXiv:1902.09630.

    What differs: torchvision's comes unreduced by default, and predictions are its first argument. TensorFlow Addons
    had y before x.

    >>> from kzoo.losses import GIoU
    >>> round(float(GIoU()([[0.0, 0.0, 1.0, 1.0]], [[2.0, 0.0, 3.0, 1.0]])), 4)  # 1 + 1/3
    1.3333
    """

    def __init__(self, epsilon: float = 1e-7, reduction="sum_over_batch_size", name="giou", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.epsilon = positive(epsilon=epsilon)

    def call(self, y_true, y_pred):
        target, box = _corners(y_true, y_pred)
        overlap, union = _overlap(target, box, self.epsilon)
        width, height = _around(target, box)
        return 1 - overlap + (width * height - union) / (width * height + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "dtype": self.dtype}


@keras.saving.register_keras_serializable("kzoo")
class DIoU(keras.losses.Loss):
    """One minus the overlap, plus how far the centres are apart (Zheng et al. 2020).

    The squared distance of the centres is divided by the squared diagonal of the smallest box around both.

    Args:
        epsilon: Added to what is divided by, above 0.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …, 4)`: x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2. One number
    a box from 0 to 2, then reduced.

    Raises:
        ValueError: If `epsilon` isn't positive, or the last axis isn't 4.

    Paper: Zheng et al. 2020, Distance-IoU Loss, arXiv:1911.08287.

    What differs: torchvision's comes unreduced by default, and predictions are its first argument.

    >>> from kzoo.losses import DIoU
    >>> round(float(DIoU()([[0.0, 0.0, 1.0, 1.0]], [[2.0, 0.0, 3.0, 1.0]])), 4)  # 1 + 4/10
    1.4
    """

    def __init__(self, epsilon: float = 1e-7, reduction="sum_over_batch_size", name="diou", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.epsilon = positive(epsilon=epsilon)

    def call(self, y_true, y_pred):
        target, box = _corners(y_true, y_pred)
        overlap, _ = _overlap(target, box, self.epsilon)
        return 1 - overlap + _apart(target, box, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "dtype": self.dtype}


@keras.saving.register_keras_serializable("kzoo")
class CIoU(keras.losses.Loss):
    """`DIoU` plus how much the aspect ratios differ (Zheng et al. 2020).

    The term is αv with v = 4/π² (arctan w/h of the target - arctan w/h of the prediction)² and α = v / (1 - IoU + v),
    which counts as a constant: no gradient flows through it.

    Args:
        epsilon: Added to what is divided by, above 0; heights below it count as it.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …, 4)`: x1, y1, x2, y2 with x1 ≤ x2 and y1 ≤ y2. One number
    a box, then reduced.

    Raises:
        ValueError: If `epsilon` isn't positive, or the last axis isn't 4.

    Paper: Zheng et al. 2020, Distance-IoU Loss, arXiv:1911.08287.

    What differs: torchvision's comes unreduced by default, predictions are its first argument, and it is NaN for a
    box without width and height.

    >>> from kzoo.losses import CIoU
    >>> round(float(CIoU()([[0.0, 0.0, 1.0, 1.0]], [[2.0, 0.0, 3.0, 1.0]])), 4)  # both are squares: DIoU
    1.4
    """

    def __init__(self, epsilon: float = 1e-7, reduction="sum_over_batch_size", name="ciou", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.epsilon = positive(epsilon=epsilon)

    def call(self, y_true, y_pred):
        target, box = _corners(y_true, y_pred)
        overlap, _ = _overlap(target, box, self.epsilon)
        turn = _angle(target, self.epsilon) - _angle(box, self.epsilon)
        aspect = 4 / math.pi**2 * ops.square(turn)
        weight = ops.stop_gradient(aspect / (1 - overlap + aspect + self.epsilon))
        return 1 - overlap + _apart(target, box, self.epsilon) + weight * aspect

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "dtype": self.dtype}


def _corners(y_true, y_pred):
    """x1, y1, x2, y2 of both."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    for name, boxes in (("y_true", y_true), ("y_pred", y_pred)):
        if not boxes.shape or boxes.shape[-1] != 4:
            raise ValueError(f"Expected boxes, a last axis of 4. Received: {name}.shape={boxes.shape}")
    return tuple([each[..., i] for i in range(4)] for each in at_least_float32(y_true, y_pred))


def _overlap(target, box, epsilon):
    """Intersection over union, and the union."""
    width = ops.minimum(target[2], box[2]) - ops.maximum(target[0], box[0])
    height = ops.minimum(target[3], box[3]) - ops.maximum(target[1], box[1])
    shared = ops.relu(width) * ops.relu(height)
    areas = ((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (target, box))
    union = sum(areas) - shared
    return shared / (union + epsilon), union


def _around(target, box):
    """Width and height of the smallest box around both."""
    width = ops.maximum(target[2], box[2]) - ops.minimum(target[0], box[0])
    height = ops.maximum(target[3], box[3]) - ops.minimum(target[1], box[1])
    return width, height


def _apart(target, box, epsilon):
    """The squared distance of the centres by the squared diagonal around both."""
    width, height = _around(target, box)
    across = (target[0] + target[2] - box[0] - box[2]) / 2
    down = (target[1] + target[3] - box[1] - box[3]) / 2
    return (ops.square(across) + ops.square(down)) / (ops.square(width) + ops.square(height) + epsilon)


def _angle(box, epsilon):
    return ops.arctan((box[2] - box[0]) / ops.maximum(box[3] - box[1], epsilon))
