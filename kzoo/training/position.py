"""Where a training is, also when it goes on in the middle of an epoch."""

from __future__ import annotations

from typing import Any

import keras


class Position(keras.callbacks.Callback):
    """Knows epoch and step, and has `fit`, which knows of whole epochs only, begin with the rest of one.

    To be the first of all callbacks. `fit` counts the steps of that rest from 0 too.

    Args:
        epoch: The epoch to begin with, from 0.
        step: How many of its steps are done.
        steps: How many an epoch has.

    Attributes:
        epoch: The epoch that goes on.
        skipped: How many of its steps were done before.
    """

    def __init__(self, epoch: int, step: int, steps: int):
        super().__init__()
        self.epoch, self.skipped, self.steps = epoch, step, steps
        self._first, self._done = epoch, step

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch
        self.skipped = self._done if epoch == self._first else 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self.skipped and self.skipped + batch + self.model.steps_per_execution >= self.steps:
            self.model.stop_training = True  # after this step; validation and the end of the epoch follow

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.skipped:
            self.model.stop_training = False
