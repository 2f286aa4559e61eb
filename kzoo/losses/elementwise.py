"""Absolute and squared error whose sum is the sum of all elements."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.absolute import absolute_error
from kzoo.losses.loss import Loss
from kzoo.losses.precision import at_least_float32
from kzoo.losses.shapes import same_rank


@keras.saving.register_keras_serializable("kzoo")
class L1(Loss):
    """Absolute error, reduced over elements as PyTorch does it: the mean of all of them, or the sum of all of them.

    Args:
        reduction: `"sum"` adds up all elements; everything else is as in every Keras loss. `None` leaves one number
            a position, the mean over the last axis.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …)`.

    What differs: `keras.losses.MeanAbsoluteError(reduction="sum")` adds up means over the last axis and is smaller
    by that axis's size. With `reduction="none"` PyTorch keeps the last axis. For PyTorch users the arguments come in
    the other order: targets first. The slope is 0 where both agree.

    >>> from kzoo.losses import L1
    >>> float(L1(reduction="sum")([[0.0, 0.0]], [[0.5, -3.0]]))
    3.5
    >>> float(L1()([[0.0, 0.0]], [[0.5, -3.0]]))
    1.75
    """

    def __init__(self, reduction="sum_over_batch_size", name="l1", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        error = absolute_error(*at_least_float32(*same_rank(y_true, y_pred)))
        return _over_last_axis(error, self.reduction)


@keras.saving.register_keras_serializable("kzoo")
class L2(Loss):
    """Squared error, reduced over elements as PyTorch does it: the mean of all of them, or the sum of all of them.

    Args:
        reduction: `"sum"` adds up all elements; everything else is as in every Keras loss. `None` leaves one number
            a position, the mean over the last axis.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets and predictions of shape `(batch, …)`.

    What differs: `keras.losses.MeanSquaredError(reduction="sum")` adds up means over the last axis and is smaller by
    that axis's size. With `reduction="none"` PyTorch keeps the last axis. `optax.l2_loss` and `tf.nn.l2_loss` are
    half of the square. For PyTorch users the arguments come in the other order: targets first.

    >>> from kzoo.losses import L2
    >>> float(L2(reduction="sum")([[0.0, 0.0]], [[0.5, -3.0]]))
    9.25
    >>> float(L2()([[0.0, 0.0]], [[0.5, -3.0]]))
    4.625
    """

    def __init__(self, reduction="sum_over_batch_size", name="l2", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        y_true, y_pred = at_least_float32(*same_rank(y_true, y_pred))
        return _over_last_axis(ops.square(y_pred - y_true), self.reduction)


def _over_last_axis(elements, reduction):
    # Keras takes weights and masks a position, without the last axis, so that axis has to go before they come.
    return ops.sum(elements, axis=-1) if reduction == "sum" else ops.mean(elements, axis=-1)
