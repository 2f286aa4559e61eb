"""Shows how far a training is: rate and remaining time on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_EVERY = 0.1  # seconds between two looks at the bar


class ProgressReport(keras.callbacks.Callback):
    """Reports on a training while it goes on.

    Args:
        console: Where to.
        epochs: How many there are in all.
        steps: Steps an epoch.
        batch_size: Examples a step.
        begun: Epoch and step after which the training goes on.
    """

    async_safe = True  # so that Keras doesn't wait for each step's numbers

    def __init__(
        self, console: Console, epochs: int, steps: int, batch_size: int, begun: tuple[int, int] = (0, 0)
    ):
        super().__init__()
        self._begun, self._skipped = begun, 0
        self.console, self.epochs, self.steps, self.batch_size = console, epochs, steps, batch_size
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._began = self._looked = 0.0
        self._done = 0

    def on_train_begin(self, logs: Any = None) -> None:
        if self.console.is_terminal:
            columns = (
                TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]} examples/s"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self.console, transient=True)
            total = self.epochs * self.steps
            self._task = self._bar.add_task("", total=total, epoch=1, epochs=self.epochs, rate="–")
            self._bar.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began, self._done = time.monotonic(), 0
        self._skipped = self._begun[1] if epoch == self._begun[0] else 0
        if self._bar:
            self._bar.update(self._task, completed=epoch * self.steps + self._skipped, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._done = max(self._done, batch + 1)
        now = time.monotonic()
        if self._bar and now - self._looked > _EVERY:
            self._looked = now
            before = self._bar.tasks[0].fields["epoch"] - 1
            rate = f"{self._done * self.batch_size / max(now - self._began, 1e-9):,.0f}"
            self._bar.update(
                self._task, completed=before * self.steps + self._skipped + self._done, rate=rate
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        seconds = time.monotonic() - self._began
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        width = len(str(self.epochs))
        rate = (self.steps - self._skipped) * self.batch_size / max(seconds, 1e-9)
        self.console.print(
            f"epoch {epoch + 1:>{width}}/{self.epochs}  {numbers}  ({seconds:.1f} s, {rate:,.0f} examples/s)",
            highlight=False,
            soft_wrap=True,
        )

    def on_train_end(self, logs: Any = None) -> None:
        self.close()

    def close(self) -> None:
        """Takes the bar off the terminal."""
        if self._bar:
            self._bar.stop()
            self._bar = None
