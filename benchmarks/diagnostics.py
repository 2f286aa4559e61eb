"""What all diagnostics together cost, with their defaults.

    python benchmarks/diagnostics.py             the recipe mnist_cnn with all of them
    python benchmarks/diagnostics.py RECIPE …    other recipes

In one training they look at two epochs, leave out two, and so on: epochs next to each other see the machine in the same
mood, which from one training to the next makes a difference as large as what is measured. Of each two the second
counts, from its beginning to that of the next one: what the first one left behind, in caches and in memory, is then
charged to its own kind. The first four epochs of a training, in which TensorFlow traces what it runs, don't count.

Printed are the medians of both, and of their ratios, pair by pair. Wanted: a ratio of at most 1.10.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import keras

ALL = [
    "dead_units",
    "saturation",
    "gradient_norms",
    "weight_histograms",
    "gradient_histograms",
    "activation_images",
    "lr_monitor",
    "confusion_matrix",
]
_EPOCHS = 17  # sixteen that end where the next one begins
_TRAININGS = 21


class Turns(keras.callbacks.Callback):
    """Says in which epochs the diagnostics look, and when each epoch began."""

    def __init__(self) -> None:
        super().__init__()
        self.began: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began.append(time.perf_counter())

    def __call__(self, usual: Callable[..., None]) -> Callable[..., None]:
        """What does as usual, where it is their turn."""
        return lambda *arguments, **more: usual(*arguments, **more) if len(self.began) % 4 in (1, 2) else None

    def pairs(self) -> Iterator[tuple[float, float]]:
        """Seconds of an epoch with them, and of one without."""
        seconds = [after - before for before, after in zip(self.began, self.began[1:])]
        return zip(seconds[5::4], seconds[7::4])


def pairs_of(recipe: str) -> list[tuple[float, float]]:
    """Seconds of the epochs of a training."""
    import kzoo
    from kzoo.callbacks import Diagnostic
    from kzoo.training.diagnostics import DiagnosticsFile
    from kzoo.training.train import train

    turns = Turns()
    settings = [f"fit.epochs={_EPOCHS}", f"fit.callbacks=[{', '.join(ALL)}]", "run.tensorboard=false"]
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(Diagnostic, "on_epoch_end", turns(Diagnostic.on_epoch_end)),
        mock.patch.object(DiagnosticsFile, "on_epoch_end", turns(DiagnosticsFile.on_epoch_end)),
    ):
        train(kzoo.load_recipe(recipe, settings), folder, more=[turns])
    return list(turns.pairs())


def main(recipes: list[str]) -> None:
    for recipe in recipes:
        pairs = [pair for _ in range(_TRAININGS) for pair in pairs_of(recipe)]
        with_them, without = (statistics.median(side) for side in zip(*pairs))
        low, ratio, high = statistics.quantiles([a / b for a, b in pairs], n=4)
        print(
            f"{recipe}: an epoch {with_them:.3f} s with all, {without:.3f} s with none; ratio {ratio:.3f}",
            end="",
        )
        print(f" (middle half {low:.3f} to {high:.3f}, {len(pairs)} pairs)")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(sys.argv[1:] or ["mnist_cnn"])
