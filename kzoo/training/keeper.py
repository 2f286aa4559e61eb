"""Keeps the state of a training while it goes on, and puts it back when it is resumed, between any two steps."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

from kzoo.runs.checkpoint import (
    Checkpoints,
    read_callbacks,
    read_state,
    state_variables,
    write_callbacks,
    write_metrics,
    write_state,
    write_torch_state,
)
from kzoo.runs.history import History
from kzoo.training.interruption import Interruption
from kzoo.training.nonfinite import NonFinite
from kzoo.training.position import Position


class Keeper(keras.callbacks.Callback):
    """Writes a checkpoint at the start, after each epoch, every so many minutes, and when the training is to end.

    To be the last of all callbacks: it keeps what the others remember once they have seen an epoch, and has them
    remember it again when they have begun anew.

    Args:
        checkpoints: Where to.
        position: Where the training is.
        callbacks: Those whose memory belongs to the state.
        history: It goes on counting the seconds of an epoch.
        interruption: Tells when the training is to end.
        minutes: How many may pass within an epoch until the next checkpoint; 0 for any number.
        saved: What is resumed, from `Checkpoints.newest`; None at the beginning.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        position: Position,
        callbacks: list[keras.callbacks.Callback],
        history: History,
        interruption: Interruption,
        minutes: float,
        saved: Any,
    ):
        super().__init__()
        self.checkpoints, self.position, self.callbacks = checkpoints, position, callbacks
        self.history, self.interruption, self.saved = history, interruption, saved
        self._every = 60 * minutes or float("inf")
        self._last = time.monotonic()
        self._restored: dict[str, np.ndarray] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        if self.saved is None:
            self._save(0)
        else:
            self._restore()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.position.skipped:  # the others have just begun the epoch anew
            self._restore()
            write_metrics(self.model, self.saved[0])
            self.history.began -= self.saved[1]["seconds"]
        self.interruption.patient = True

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._restored:  # PyTorch's loader has drawn a seed since
            write_torch_state(self._restored)
            self._restored = {}
        # Always called between two steps, while `on_train_batch_end` may come later, from another thread.
        ends = self.interruption.wanted
        due = time.monotonic() - self._last > self._every
        if batch and (ends or due):
            self._save(self.position.epoch, self.position.skipped + batch)
        if ends:
            where = f"in epoch {self.position.epoch + 1} after step {self.position.skipped + batch}"
            self.interruption.end(f"{where}: the state is kept" if batch else "")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._save(epoch + 1)
        if self.interruption.wanted:
            self.interruption.end(f"after epoch {epoch + 1}: the state is kept")

    def _restore(self) -> None:
        tensors, notes = self.saved
        write_state(self.model, tensors, self.checkpoints.folder.parent)
        write_callbacks(self.callbacks, tensors, notes["callbacks"])
        self._restored = tensors

    def _save(self, epoch: int, step: int = 0) -> None:
        tensors, plain = read_callbacks(self.callbacks)
        state = read_state(self.model, within_epoch=step > 0)
        if (epoch, step) > (0, 0):
            self._refuse_nonfinite(state, epoch, step)
        notes = {
            "callbacks": plain,
            "stopped": bool(self.model.stop_training) and not step,
            "seconds": time.monotonic() - self.history.began,
        }
        self.checkpoints.save(epoch, state | tensors, notes, step)
        self._last = time.monotonic()

    def _refuse_nonfinite(self, state: dict[str, np.ndarray], epoch: int, step: int) -> None:
        """A last good checkpoint is worth more than a newer one of weights that are no numbers."""
        trained = {id(each) for each in self.model.trainable_variables}
        for name, variable in state_variables(self.model).items():
            if id(variable) in trained and not np.isfinite(state[name]).all():
                raise NonFinite(*((epoch, step - 1) if step else (epoch - 1, None)))
