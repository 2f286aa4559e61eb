"""What all diagnostics together cost, with their defaults.

    python benchmarks/diagnostics.py             the recipe mnist_cnn with all of them, and with none
    python benchmarks/diagnostics.py RECIPE …    other recipes

Both sides train in one process, in turn: a round is a training with them and one without, from the same seed. Measured
are seconds an epoch, the median over all epochs but the first, in which TensorFlow traces what it runs; and seconds of
the whole training. Wanted: a median ratio of epochs of at most 1.10.
"""

from __future__ import annotations

import csv
import os
import statistics
import sys
import tempfile

from sides import compare

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
EPOCHS = 8
_ROUNDS = 21  # epochs of half a second differ by a tenth from one training to the next


def epochs(recipe: str, callbacks: list[str]) -> list[float]:
    """Seconds of each epoch of a training."""
    import kzoo

    overrides = [f"fit.epochs={EPOCHS}", f"fit.callbacks=[{', '.join(callbacks)}]", "run.tensorboard=false"]
    with tempfile.TemporaryDirectory() as folder:
        run = kzoo.train(kzoo.load_recipe(recipe, overrides), runs=folder, verbose=False)
        with (run.path / "history.csv").open() as file:
            return [float(row["seconds"]) for row in csv.DictReader(file)]


def main(recipes: list[str]) -> None:
    for recipe in recipes:
        first: dict[bool, list[float]] = {True: [], False: []}

        def side(with_them: bool, recipe: str = recipe, first: dict[bool, list[float]] = first) -> float:
            seconds = epochs(recipe, ALL if with_them else [])
            first[with_them].append(seconds[0])
            return statistics.median(seconds[1:])

        compare(
            f"{recipe}: seconds an epoch, all / none", lambda: side(True), lambda: side(False), rounds=_ROUNDS
        )
        once = statistics.median(a - b for a, b in list(zip(first[True], first[False]))[1:])
        print(f"{recipe}: once, in the first epoch, {once:.2f} s more")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(sys.argv[1:] or ["mnist_cnn"])
