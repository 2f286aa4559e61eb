"""Losses between numbers."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.absolute import absolute_error
from kzoo.losses.loss import Loss
from kzoo.losses.shapes import same_rank


@keras.saving.register_keras_serializable("kzoo")
class SmoothL1(Loss):
    """Squared error below `beta`, absolute error above (Girshick 2015, arXiv:1504.08083).

    With d = prediction - target it is d²/2β where |d| < β, and |d| - β/2 elsewhere; values and slopes meet at β.

    Args:
        beta: Where the square ends, in the unit of the targets, 0 or more; 0 gives the absolute error.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …)`; it averages over the last axis, then reduces.

    Raises:
        ValueError: If `beta` is negative.

    What differs: `torch.nn.SmoothL1Loss(reduction="sum")` adds up elements, a Keras loss the averages over the last
    axis. `keras.losses.Huber(delta=b)` is b times `SmoothL1(beta=b)`. For PyTorch users the arguments come in the
    other order: targets first.

    >>> from kzoo.losses import SmoothL1
    >>> loss = SmoothL1(beta=1.0)
    >>> float(loss([[0.0, 0.0]], [[0.5, 3.0]]))  # (0.125 + 2.5) / 2
    1.3125
    """

    def __init__(self, beta: float = 1.0, reduction="sum_over_batch_size", name="smooth_l1", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not beta >= 0:
            raise ValueError(f"`beta` must be 0 or a positive number. Received: beta={beta}")
        self.beta = float(beta)

    def call(self, y_true, y_pred):
        error = absolute_error(*same_rank(y_true, y_pred))
        if self.beta == 0:
            return ops.mean(error, axis=-1)
        # One formula for both sides: in a `where` the side that isn't taken would overflow and spoil the gradient.
        inner = ops.minimum(error, self.beta)
        return ops.mean(inner * (inner / (2 * self.beta)) + (error - inner), axis=-1)
