"""Losses for depth estimation."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.absolute import absolute_error
from kzoo.losses.loss import Loss
from kzoo.losses.shapes import same_rank

_TINY = 1.2e-38  # below it float32 has no normal numbers, and some devices count those as 0


@keras.saving.register_keras_serializable("kzoo")
class BerHu(Loss):
    """Absolute error for small errors, squared for large: the Huber loss reversed (Laina et al. 2016).

    With d = prediction - target and c = threshold · max|d| it is |d| where |d| ≤ c, and (d² + c²)/2c elsewhere. The
    maximum is taken over the whole batch. No gradient flows through c: it counts as a constant of the step, as in
    the authors' derivation and the usual implementations.

    Args:
        threshold: c as a share of the largest error in the batch, above 0; the paper's is 0.2. From 1 on all of it
            is the absolute error.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …)`, say depths in metres `(batch, height, width, 1)`. It
    averages over the last axis, then reduces. Sample weights don't enter the maximum: where a sensor saw nothing,
    set the target to the prediction.

    Raises:
        ValueError: If `threshold` isn't positive.

    Paper: Laina et al. 2016, Deeper Depth Prediction with Fully Convolutional Residual Networks, arXiv:1606.00373.

    >>> from kzoo.losses import BerHu
    >>> loss = BerHu(threshold=0.2)
    >>> round(float(loss([[0.0, 0.0]], [[0.1, 1.0]])), 4)  # c = 0.2: (0.1 + (1 + 0.04)/0.4) / 2
    1.35
    """

    def __init__(self, threshold: float = 0.2, reduction="sum_over_batch_size", name="berhu", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not threshold > 0:
            raise ValueError(f"`threshold` must be a positive number. Received: threshold={threshold}")
        self.threshold = float(threshold)

    def call(self, y_true, y_pred):
        error = absolute_error(*same_rank(y_true, y_pred))
        corner = ops.stop_gradient(self.threshold * ops.max(error, initial=0))
        corner = ops.where(corner > _TINY, corner, ops.ones_like(corner))
        # (d² + c²)/2c = d + (d - c)²/2c. Dividing before multiplying keeps it inside float16.
        beyond = ops.relu(error - corner)
        return ops.mean(error + beyond * (beyond / (2 * corner)), axis=-1)
