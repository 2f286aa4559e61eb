"""The loss that goes with sparsemax."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.activations.simplex import sparsemax
from kzoo.losses.class_targets import class_targets, where_counted
from kzoo.losses.loss import Loss
from kzoo.losses.precision import at_least_float32


@keras.saving.register_keras_serializable("kzoo")
class Sparsemax(Loss):
    """What cross-entropy is to softmax, to sparsemax: 0 as soon as the class leads all others by 1. From logits.

    With p the sparsemax of the logits z and q the target it is ½‖q - z‖² - ½‖p - z‖²; its slope is p - q.

    Args:
        ignore_index: Positions with this class number cost nothing and don't count in the mean; None for no such
            number. Of no meaning with probabilities.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with logits of shape `(batch, …, classes)` and targets of class numbers, `(batch, …)` or `(batch, …, 1)`, or
    of probabilities that sum to 1, `(batch, …, classes)`. One number a position, then reduced. To predict, put the
    activation `kzoo/sparsemax` behind the model.

    Raises:
        ValueError: If the shapes don't go together.

    Paper: Martins and Astudillo 2016, From Softmax to Sparsemax, arXiv:1602.02068.

    What differs: `tfa.losses.SparsemaxLoss` takes vectors only, `entmax.SparsemaxLoss` class numbers only.

    >>> from kzoo.losses import Sparsemax
    >>> float(Sparsemax()([1], [[0.0, 0.0]])), float(Sparsemax()([1], [[0.0, 1.0]]))
    (0.25, 0.0)
    """

    from_logits = True  # a recipe's dry run compares it with the model's last activation

    def __init__(
        self,
        ignore_index: int | None = -100,
        reduction="sum_over_batch_size",
        name="sparsemax",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.ignore_index = None if ignore_index is None else int(ignore_index)

    def call(self, y_true, y_pred):
        (logits,) = at_least_float32(ops.convert_to_tensor(y_pred))
        target, counts = class_targets(y_true, logits, self.ignore_index)
        p = ops.stop_gradient(sparsemax(logits))
        # What all logits have in common doesn't matter: without it no large numbers are taken from each other.
        z = logits - ops.stop_gradient(ops.top_k(logits, 1)[0])
        loss = ops.sum(p * (z - p / 2) + target * (target / 2 - z), axis=-1)
        return where_counted(loss, counts, self.reduction)
