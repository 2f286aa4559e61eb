"""Losses for quantiles."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.absolute import absolute_error
from kzoo.losses.loss import Loss
from kzoo.losses.shapes import same_rank


@keras.saving.register_keras_serializable("kzoo")
class Pinball(Loss):
    """Absolute error that tilts: its minimum is a quantile of the targets (Koenker and Bassett 1978).

    Each unit that the prediction is too low costs τ, each unit that it is too high 1 - τ.

    Args:
        quantile: τ, the quantile that predictions aim at, between 0 and 1 exclusive; 0.5 is the median, and half
            the absolute error.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …)`; it averages over the last axis, then reduces. For
    several quantiles at once give the model an output, and each output a loss.

    Raises:
        ValueError: If `quantile` isn't between 0 and 1.

    Paper: Koenker and Bassett 1978, Regression Quantiles.

    What differs: the argument of `tfa.losses.PinballLoss` is called tau, that of scikit-learn's `mean_pinball_loss`
    alpha. Where both agree the slope is 0.

    >>> from kzoo.losses import Pinball
    >>> loss = Pinball(quantile=0.75)
    >>> float(loss([[4.0]], [[0.0]])), float(loss([[0.0]], [[4.0]]))
    (3.0, 1.0)
    """

    def __init__(self, quantile: float = 0.5, reduction="sum_over_batch_size", name="pinball", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not 0 < quantile < 1:
            raise ValueError(f"`quantile` must be between 0 and 1. Received: quantile={quantile}")
        self.quantile = float(quantile)

    def call(self, y_true, y_pred):
        y_true, y_pred = same_rank(y_true, y_pred)
        too_much = ops.cast(y_pred > y_true, y_pred.dtype)
        weight = self.quantile + (1 - 2 * self.quantile) * too_much
        return ops.mean(weight * absolute_error(y_true, y_pred), axis=-1)
