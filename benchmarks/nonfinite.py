"""What it costs to look at the loss of every step, and to be ready to be asked to stop: an epoch with and without.

    python benchmarks/nonfinite.py [RECIPE] [ROUNDS]

The same compiled model trains the same epoch with kzoo's own callbacks and without those that look and listen.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
from rich.console import Console
from sides import compare

from kzoo.build.experiment import build
from kzoo.recipe import load_recipe
from kzoo.runs.checkpoint import Checkpoints
from kzoo.runs.history import History
from kzoo.training.interruption import Interruption
from kzoo.training.keeper import Keeper
from kzoo.training.nonfinite import StopAtNonFinite
from kzoo.training.position import Position
from kzoo.training.progress import ProgressReport


class _Seconds(keras.callbacks.Callback):
    """Those of the steps alone: neither building the pipeline nor what follows an epoch counts."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 1:
            self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds = time.perf_counter() - self.began


def main(name: str, rounds: int) -> None:
    """Compares, and prints."""
    experiment = build(load_recipe(name))
    steps = experiment.steps_per_epoch
    folder = Path(tempfile.mkdtemp())

    def epoch(watched: bool) -> float:
        seconds = _Seconds()
        report = ProgressReport(Console(quiet=True), 1, steps, 1)
        callbacks: list[Any] = [seconds, report]
        if watched:
            position = Position(0, 0, steps)
            history = History(folder / "history.csv", [])
            keeper = Keeper(Checkpoints(folder / "c"), position, [], history, Interruption(folder), 10, None)
            keeper.on_epoch_end = lambda *_: None  # type: ignore[method-assign] # there was a checkpoint before, too
            callbacks = [position, seconds, StopAtNonFinite(position), report, keeper]
        experiment.model.fit(
            experiment.training_data(), steps_per_epoch=steps, callbacks=callbacks, shuffle=False, verbose=0
        )
        return seconds.seconds / (steps - 1) * 1e3

    compare(f"{name}: ms a step, watched and not", lambda: epoch(True), lambda: epoch(False), rounds)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "mnist_cnn", int(sys.argv[2]) if len(sys.argv) > 2 else 9)
