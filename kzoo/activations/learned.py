"""What activations with parameters of their own share."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class LearnedActivation(keras.layers.Layer):
    """An activation with numbers that may be learned: one for the whole layer, or one a channel (the last axis).

    The weights are made in the constructor and not in `build`: a layer that holds this one as its activation doesn't
    build it. That is why the number of channels has to be said.

    Args:
        channels: The size of the last axis, or None for one number for the whole layer.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, channels: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if channels is not None and (
            isinstance(channels, bool) or not isinstance(channels, int) or channels < 1
        ):
            raise ValueError(
                f"`channels` must be a positive integer or None. Received: channels={channels!r}"
            )
        self.channels = channels
        self.supports_masking = True
        self.built = True
        self._learned: dict[str, Any] = {}

    def _number(self, name: str, start: float, learned: bool = True) -> float:
        """Checks a parameter's first value and, where it is to be learned, makes the weight."""
        if isinstance(start, bool) or not isinstance(start, (int, float)):
            raise ValueError(f"`{name}` must be a number. Received: {name}={start!r}")
        start = float(start)
        if learned:
            shape = () if self.channels is None else (self.channels,)

            def first(shape, dtype=None):
                return ops.full(shape, start, dtype)  # exact in float64 too, where Constant is not

            self._learned[name] = self.add_weight(shape=shape, initializer=first, name=name)
        return start

    def _value(self, name: str, inputs: Any) -> Any:
        """A parameter as it stands, in the inputs' dtype."""
        weight = self._learned.get(name)
        return getattr(self, name) if weight is None else ops.cast(weight, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
