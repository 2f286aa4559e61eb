"""Cross-entropy as PyTorch has it: from logits, one name for both sorts of targets."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from kzoo.losses.precision import at_least_float32


@keras.saving.register_keras_serializable("kzoo")
class CrossEntropy(keras.losses.Loss):
    """Log loss of one class out of many, from logits; targets are class numbers or probabilities.

    Args:
        label_smoothing: ε, from 0 to 1: the share of the target that is spread evenly over all classes.
        ignore_index: Positions with this class number cost nothing and don't count in the mean; None for no such
            number. Of no meaning with probabilities.
        class_weights: One weight a class, 0 or more. With class numbers the mean is divided by the weights of the
            targets, as in PyTorch; with probabilities by the number of positions.
        reduction: How the losses of a batch become one number, as in every Keras loss. Unreduced and summed losses
            are divided by nothing.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default. Targets pass through it: bfloat16 holds class
            numbers up to 256 only, float16 up to 2,048.

    Call it with logits of shape `(batch, …, classes)` and targets of class numbers, `(batch, …)` or `(batch, …, 1)`,
    or of probabilities, `(batch, …, classes)`. One number a position, then reduced. Where everything is ignored the
    mean is 0.

    Raises:
        ValueError: If `label_smoothing` isn't from 0 to 1, weights are negative or not as many as classes, or the
            shapes don't go together.

    What differs: PyTorch has the classes on axis 1, and says NaN where everything is ignored. Keras's
    `sparse_categorical_crossentropy` and `categorical_crossentropy` take probabilities unless told otherwise. Sample
    weights come on top: they don't change what the mean is divided by.

    >>> from kzoo.losses import CrossEntropy
    >>> round(float(CrossEntropy()([1], [[0.0, 0.0]])), 4)  # ln 2
    0.6931
    >>> round(float(CrossEntropy()([[0.0, 1.0]], [[0.0, 0.0]])), 4)
    0.6931
    """

    from_logits = True  # a recipe's dry run compares it with the model's last activation

    def __init__(
        self,
        label_smoothing: float = 0.0,
        ignore_index: int | None = -100,
        class_weights: Sequence[float] | None = None,
        reduction="sum_over_batch_size",
        name="cross_entropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                f"`label_smoothing` must be from 0 to 1. Received: label_smoothing={label_smoothing}"
            )
        if class_weights is not None and not all(weight >= 0 for weight in class_weights):
            raise ValueError(
                f"`class_weights` must be 0 or positive. Received: class_weights={class_weights}"
            )
        self.label_smoothing = float(label_smoothing)
        self.ignore_index = None if ignore_index is None else int(ignore_index)
        self.class_weights = None if class_weights is None else [float(each) for each in class_weights]

    def call(self, y_true, y_pred):
        (logits,) = at_least_float32(ops.convert_to_tensor(y_pred))
        y_true = ops.convert_to_tensor(y_true)
        classes = logits.shape[-1]
        weights = self._weights(classes, logits.dtype)
        if y_true.shape[-1:] == logits.shape[-1:] and len(y_true.shape) == len(logits.shape):
            (target,) = at_least_float32(y_true)
            return self._each(target, logits, weights)
        target, counts = self._one_hot(y_true, logits)
        loss = self._each(target, logits, weights) * counts
        if self.reduction in ("sum", "none", None):
            return loss
        # Keras divides by the number of positions: what they weigh is to take its place.
        weight = ops.sum(target * weights, axis=-1) * counts
        mean = ops.mean(weight)
        return loss / ops.where(mean > 0, mean, ops.ones_like(mean))

    def _each(self, target, logits, weights):
        smoothed = (1 - self.label_smoothing) * target + self.label_smoothing / logits.shape[-1]
        return -ops.sum(weights * smoothed * ops.log_softmax(logits, axis=-1), axis=-1)

    def _one_hot(self, y_true, logits):
        """Targets as vectors, and 1 where they count, 0 where they are ignored."""
        if len(y_true.shape) == len(logits.shape) and y_true.shape[-1] == 1:
            y_true = ops.squeeze(y_true, -1)
        if len(y_true.shape) != len(logits.shape) - 1:
            raise ValueError(
                "Expected targets (batch, …) of class numbers or (batch, …, classes) of probabilities. Received: "
                f"y_true.shape={y_true.shape}, y_pred.shape={logits.shape}"
            )
        numbers = ops.cast(y_true, "int32")
        if self.ignore_index is None:
            counts = ops.ones_like(numbers)
        else:
            counts = ops.cast(numbers != self.ignore_index, "int32")
        target = ops.one_hot(numbers * counts, logits.shape[-1], dtype=logits.dtype)
        return target, ops.cast(counts, logits.dtype)

    def _weights(self, classes, dtype):
        if self.class_weights is None:
            return ops.ones((classes,), dtype=dtype)
        if len(self.class_weights) != classes:
            raise ValueError(
                f"Expected {classes} class weights. Received: class_weights={self.class_weights}"
            )
        return ops.convert_to_tensor(self.class_weights, dtype=dtype)

    def get_config(self):
        own = {
            name: getattr(self, name)
            for name in ("label_smoothing", "ignore_index", "class_weights", "dtype")
        }
        return {**super().get_config(), **own}
