"""Smoothness of depth maps, except where the picture has an edge."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.absolute import absolute_error
from kzoo.losses.loss import Loss
from kzoo.losses.precision import at_least_float32

_SMALLEST = 1e-4


@keras.saving.register_keras_serializable("kzoo")
class EdgeAwareSmoothness(Loss):
    """Slopes of a depth map, each less the more the picture changes at that place (Godard et al. 2017).

    The mean of |∂x d| exp(-|∂x I|) plus the mean of |∂y d| exp(-|∂y I|), with differences of neighbours, and |∂ I|
    averaged over the channels. The targets are the pictures: depth is learned without any measured depth, beside a
    loss that ties it to the picture. In a model of several outputs give it one of its own: the same map again.

    Args:
        normalize: Whether each map is divided by its mean first, so that it can't lower the loss by shrinking; a mean
            of 1e-4 or less counts as 1.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with pictures `(batch, height, width, channels)`, values from 0 to 1, as targets, and maps
    `(batch, height, width, 1)` of disparity or inverse depth as predictions. One number a map, then reduced. A side
    of one pixel has no slope and adds 0.

    Raises:
        ValueError: If targets and predictions have no four axes, their sizes differ, or the maps have more than one
            channel.

    Paper: Godard, Mac Aodha and Brostow 2017, Unsupervised Monocular Depth Estimation with Left-Right Consistency,
    arXiv:1609.03677; divided by the mean in Godard et al. 2019, arXiv:1806.01260.

    What differs: kornia takes the map first, and doesn't divide by the mean.

    >>> from kzoo.losses import EdgeAwareSmoothness
    >>> picture, depth = [[[[0.0], [0.0], [1.0]]]], [[[[1.0], [2.0], [3.0]]]]
    >>> round(float(EdgeAwareSmoothness()(picture, depth)), 4)  # (1 + e⁻¹) / 2
    0.6839
    """

    def __init__(
        self,
        normalize: bool = False,
        reduction="sum_over_batch_size",
        name="edge_aware_smoothness",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.normalize = bool(normalize)

    def call(self, y_true, y_pred):
        picture, depth = at_least_float32(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
        if not (
            len(picture.shape) == len(depth.shape) == 4
            and picture.shape[1:3] == depth.shape[1:3]
            and depth.shape[-1] == 1
        ):
            raise ValueError(
                "Expected pictures (batch, height, width, channels) and maps (batch, height, width, 1). Received: "
                f"y_true.shape={picture.shape}, y_pred.shape={depth.shape}"
            )
        if self.normalize:
            mean = ops.mean(depth, axis=(1, 2), keepdims=True)
            depth = depth / ops.where(mean > _SMALLEST, mean, ops.ones_like(mean))
        down = _smoothness(picture[:, :-1], picture[:, 1:], depth[:, :-1], depth[:, 1:])
        right = _smoothness(picture[:, :, :-1], picture[:, :, 1:], depth[:, :, :-1], depth[:, :, 1:])
        return down + right


def _smoothness(picture, next_picture, depth, next_depth):
    """The mean slope in one direction, map by map."""
    edge = ops.mean(ops.abs(next_picture - picture), axis=-1, keepdims=True)
    slopes = absolute_error(depth, next_depth) * ops.exp(-edge)
    number = ops.sum(ops.ones_like(slopes), axis=(1, 2, 3))
    return ops.sum(slopes, axis=(1, 2, 3)) / ops.maximum(number, 1)
