"""Losses of segmentation that follow intersection over union itself: its Lovász extension."""

from __future__ import annotations

import math

import keras
from keras import ops

from kzoo.losses.loss import Loss
from kzoo.losses.masks import class_masks
from kzoo.losses.precision import at_least_float32
from kzoo.losses.shapes import same_rank


@keras.saving.register_keras_serializable("kzoo")
class LovaszHinge(Loss):
    """Intersection over union of a mask, made convex, from logits (Berman et al. 2018).

    Hinge errors 1 - z(2y - 1) below 0 count as 0; sorted from the largest, each is multiplied by what the pixel, if
    it were wrong besides all before it, takes off intersection over union.

    Args:
        per_image: Whether each picture is by itself; else the whole batch is taken as one picture, and the unreduced
            loss is one number.
        ignore_index: Pixels whose target is this number are left out; None for none.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with masks of 0 and 1 and logits, both of shape `(batch, …, classes)`, say `(batch, height, width, 1)`.
    One number a picture, the mean over the classes, then reduced. Where everything is ignored it costs 0.

    Raises:
        ValueError: If there are fewer than three axes or the shapes differ.

    Paper: Berman, Triki and Blaschko 2018, The Lovász-Softmax Loss, arXiv:1705.08790.

    What differs: segmentation_models_pytorch's `LovaszLoss("binary")` takes the batch as one picture by default; its
    "multilabel" takes all classes as one mask as well.

    >>> from kzoo.losses import LovaszHinge
    >>> float(LovaszHinge()([[[1.0], [0.0]]], [[[2.0], [0.5]]]))  # the union has two pixels if the second is wrong
    0.75
    """

    from_logits = True

    def __init__(
        self,
        per_image: bool = True,
        ignore_index: int | None = None,
        reduction="sum_over_batch_size",
        name="lovasz_hinge",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.per_image = bool(per_image)
        self.ignore_index = None if ignore_index is None else int(ignore_index)

    def call(self, y_true, y_pred):
        y_true, logits = at_least_float32(*same_rank(y_true, y_pred))
        mask, counts = class_masks(y_true, logits, self.ignore_index)
        errors = ops.relu(1 - logits * (2 * mask - 1))
        each = [_pixels(array, self.per_image) for array in (errors, mask, counts)]
        return _as_one(ops.mean(_extended(*each), axis=-1), self.per_image)


@keras.saving.register_keras_serializable("kzoo")
class LovaszSoftmax(Loss):
    """Intersection over union of each class, made smooth between whole masks (Berman et al. 2018).

    Errors |y - p|, sorted from the largest, are each multiplied by what the pixel, if it were wrong besides all
    before it, takes off the class's intersection over union.

    Args:
        per_image: Whether each picture is by itself; else the whole batch is taken as one picture, and the unreduced
            loss is one number.
        present_only: Whether classes of which the picture has no pixel are left out of the mean.
        from_logits: Whether predictions are logits: softmax is taken first, sigmoid where there is one class.
        ignore_index: Pixels with this class number are left out; None for none.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default. Targets pass through it: bfloat16 holds class
            numbers up to 256 only, float16 up to 2,048.

    Call it with probabilities of shape `(batch, …, classes)` and targets of class numbers, `(batch, …)` or
    `(batch, …, 1)`, or of masks, `(batch, …, classes)`. One number a picture, then reduced. Where everything is
    ignored, or no class is present, it costs 0.

    Raises:
        ValueError: If there are fewer than three axes or the shapes don't go together.

    Paper: Berman, Triki and Blaschko 2018, The Lovász-Softmax Loss, arXiv:1705.08790.

    What differs: segmentation_models_pytorch's `LovaszLoss("multiclass")` takes logits, and the batch as one picture by
    default. kornia's counts classes that a picture lacks. Both have the classes on axis 1.

    >>> from kzoo.losses import LovaszSoftmax
    >>> probabilities = [[[0.75, 0.25], [0.5, 0.5]]]  # of class 0 and 1, at two pixels
    >>> float(LovaszSoftmax()([[0, 1]], probabilities))
    0.4375
    """

    def __init__(
        self,
        per_image: bool = True,
        present_only: bool = True,
        from_logits: bool = False,
        ignore_index: int | None = None,
        reduction="sum_over_batch_size",
        name="lovasz_softmax",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.per_image, self.present_only = bool(per_image), bool(present_only)
        self.from_logits = bool(from_logits)
        self.ignore_index = None if ignore_index is None else int(ignore_index)

    def call(self, y_true, y_pred):
        y_true, y_pred = at_least_float32(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
        mask, counts = class_masks(y_true, y_pred, self.ignore_index)
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred) if y_pred.shape[-1] == 1 else ops.softmax(y_pred, axis=-1)
        # |y - p| of a mask and a probability, with a slope where they agree
        errors = mask * (1 - y_pred) + (1 - mask) * y_pred
        each = [_pixels(array, self.per_image) for array in (errors, mask, counts)]
        loss = _extended(*each)
        present = (
            ops.cast(ops.any(each[1] > 0, axis=1), loss.dtype) if self.present_only else ops.ones_like(loss)
        )
        loss = ops.sum(loss * present, axis=-1) / ops.maximum(ops.sum(present, axis=-1), 1)
        return _as_one(loss, self.per_image)


def _pixels(array, per_image):
    """`(pictures, pixels, classes)`, the whole batch as one picture where it is wanted so."""
    pictures, *sides, classes = ops.shape(array)
    pixels = math.prod(sides)
    return ops.reshape(array, (pictures, pixels, classes) if per_image else (1, pictures * pixels, classes))


def _as_one(loss, per_image):
    return loss if per_image else loss[0]


def _extended(errors, mask, counts):
    """The Lovász extension of 1 - intersection over union at errors that are 0 or more: `(pictures, classes)`."""
    keys = ops.where(counts > 0, -errors, ops.ones_like(errors))  # what doesn't count comes last
    order, errors = ops.argsort(ops.stop_gradient(keys), axis=1), errors * counts
    errors, mask = ops.take_along_axis(errors, order, axis=1), ops.take_along_axis(mask, order, axis=1)
    return ops.sum(errors * ops.stop_gradient(_losses_of_overlap(mask)), axis=1)


def _losses_of_overlap(mask):
    """How much less intersection over union each next wrong pixel leaves.

    With I and U after it, y its mask: (yU + (1 - y)I) / (U (U - 1 + y)), which takes no difference of two overlaps.
    """
    total = ops.sum(mask, axis=1, keepdims=True)
    shared = total - ops.cumsum(mask, axis=1)
    union = total + ops.cumsum(1 - mask, axis=1)
    before = union - (1 - mask)
    lost = (mask * union + (1 - mask) * shared) / ops.where(before > 0, union * before, ops.ones_like(union))
    # With an empty mask the first wrong pixel takes everything.
    return ops.where(before > 0, lost, ops.ones_like(lost))
