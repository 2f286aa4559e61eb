"""Histograms of weights and of gradients, for TensorBoard."""

from __future__ import annotations

from typing import Any

import numpy as np

from kzoo.arguments import count
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen
from kzoo.callbacks.recording import layers_of
from kzoo.callbacks.tensorboard_files import TensorBoardFiles


class Histograms(Diagnostic):
    """One histogram a trainable weight, at the end of an epoch, and its spread for the summary."""

    what = ""

    def __init__(self, every: int, log_dir: str):
        super().__init__()
        self.every = count(every=every)
        self.log_dir = str(log_dir)
        self._files = TensorBoardFiles(self.log_dir)

    def arrays(self, seen: Seen) -> list[np.ndarray]:
        """What the histograms are of: one array a trainable weight."""
        raise NotImplementedError

    def record(self, seen: Seen, epoch: int):
        spread, zero = {}, {}
        for name, values in zip(self._names(), self.arrays(seen)):
            self._files.histogram(f"{self.what}/{name}", values, step=epoch)
            spread[name] = float(np.std(values, dtype="float64"))
            zero[name] = 1 - np.count_nonzero(values) / max(values.size, 1)
        self._files.flush()
        return {"by_weight": spread, "zero": zero}

    def _names(self) -> list[str]:
        """Of the trainable weights: their layer's and their own."""
        found = {
            id(weight): f"{name}/{weight.name}"
            for name, layer in layers_of(self.model, in_loops=True).items()
            for weight in layer._trainable_variables
        }
        return [found.get(id(each), each.path) for each in self.model.trainable_weights]

    def on_train_end(self, logs=None):
        self._files.close()
        super().on_train_end(logs)

    def about(self) -> dict[str, Any]:
        return {"measure": f"standard deviation of the {self.what}, by weight"}
