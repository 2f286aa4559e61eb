"""A loss that isn't a number never becomes one again: it is noticed at its step."""

from __future__ import annotations

import math
from typing import Any

import keras

from kzoo.training.position import Position


class NonFinite(FloatingPointError):
    """Seen while training.

    Args:
        epoch: In which epoch, from 0.
        step: In which of its steps, from 0; None for its last.
        loss: What the loss was; None where the weights gave it away.
    """

    def __init__(self, epoch: int, step: int | None, loss: float | None = None):
        super().__init__(f"the loss is {loss} in epoch {epoch + 1}")
        self.epoch, self.step, self.loss = epoch, step, loss


class StopAtNonFinite(keras.callbacks.Callback):
    """Looks at the loss of every step, and stops.

    Keras hands the numbers of a step over in another thread, when they are there: nothing waits for them, and the
    training may be a few steps further when one isn't finite.

    Args:
        position: Where the training is.
    """

    async_safe = True

    def __init__(self, position: Position):
        super().__init__()
        self.position = position
        self._seen: dict[int, float] = {}

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)  # the mean of the epoch so far: once not finite, always
        if not math.isfinite(loss):
            self._seen[batch] = loss

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._seen:
            step = min(tuple(self._seen))
            raise NonFinite(self.position.epoch, self.position.skipped + step, self._seen[step])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.on_train_batch_begin(0)
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise NonFinite(epoch, None, loss)
