"""What the losses here share beyond Keras's."""

from __future__ import annotations

import inspect
from typing import Any

import keras
from keras import ops


class Loss(keras.losses.Loss):
    """A Keras loss whose configuration is what its constructor takes, and that costs 0 on an empty batch.

    Each argument of a subclass's `__init__` is to be an attribute of the same name; a subclass that keeps it in
    another form says so in its own `get_config`.
    """

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        value = super().__call__(y_true, y_pred, sample_weight)
        if tuple(value.shape) != (0,) or self.reduction in (None, "none"):
            return value
        # Keras gives the losses of no examples back as they are. PyTorch wants a sum that hangs on the predictions.
        y_pred = ops.convert_to_tensor(y_pred, dtype=value.dtype)
        return ops.sum(value) + ops.sum(ops.zeros_like(y_pred) * y_pred)

    def get_config(self) -> dict[str, Any]:
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
