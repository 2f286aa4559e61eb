"""What a training tells its sweep after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


class Pruned(Exception):
    """The training lagged behind others and was stopped.

    Args:
        epoch: After which epoch, from 1.
        value: What was measured then.
    """

    def __init__(self, epoch: int, value: float):
        super().__init__(f"pruned after epoch {epoch}")
        self.epoch, self.value = epoch, value


class Reporter(keras.callbacks.Callback):
    """Reports a measurement after each epoch, and stops the training if told so.

    Args:
        monitor: Its name, as Keras logs it; nothing is reported where no such thing is.
        report: Takes epoch, from 1, and value; returns whether to stop.
    """

    def __init__(self, monitor: str, report: Callable[[int, float], bool]):
        super().__init__()
        self.monitor, self.report = monitor, report

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        value = (logs or {}).get(self.monitor)
        if value is not None and self.report(epoch + 1, float(value)):
            raise Pruned(epoch + 1, float(value))
