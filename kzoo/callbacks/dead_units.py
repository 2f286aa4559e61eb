"""Counting the units of rectifiers that have died."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kzoo.arguments import count
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen, Wanted
from kzoo.callbacks.recording import Note, layers_of, unit_axis

# Activations that are flat below zero: a unit that never gets above it learns no more.
_RECTIFIERS = frozenset({"relu", "relu6", "squared_relu"})
_MANY = 0.5  # of a layer's units: from there on it is worth a word


class DeadUnits(Diagnostic):
    """Watches the share of rectifier units that never fire.

    At the end of each epoch it runs a few batches through the model and counts, for every layer whose activation is a
    ReLU or ReLU6, the units (channels, in a convolution) that were above `threshold` for no sample and no position.
    It adds `dead_units`, their share over all those layers, to the epoch's logs, and warns at the end of the training
    if a layer has more than half of them.

    Args:
        data: What to run: batches `(x, y)` or `x`, as a `tf.data.Dataset` or any other iterable that can be run
            through again, or one array of inputs. Recipes fill in the validation data, or without any the training
            data.
        batches: How many batches of it are used, always the same; 32 rows of an array are one.
        threshold: A unit counts as fired above this.

    Attributes:
        by_layer: One dict an epoch: the share of dead units by layer name.

    Raises:
        ValueError: If `batches` isn't a positive integer; when the training begins, if there is no `data`.

    >>> import numpy as np, keras
    >>> from kzoo.callbacks import DeadUnits
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="relu", name="hidden")])
    >>> model.get_layer("hidden").set_weights([np.ones((2, 4)), np.array([0.0, 0.0, -9.0, -9.0])])
    >>> callback = DeadUnits(np.ones((8, 2), "float32"))
    >>> callback.set_model(model)
    >>> callback.shares()
    {'hidden': 0.5}
    """

    log_names = ("dead_units",)

    def __init__(self, data=None, batches: int = 4, threshold: float = 0.0):
        super().__init__()
        self.data = data
        self.batches = count(batches=batches)
        self.threshold = float(threshold)

    @property
    def by_layer(self) -> list[dict[str, float]]:
        return [each["by_layer"] for each in self.records]

    def wanted(self):
        threshold = self.threshold

        def watched(layer: Any) -> Note:
            def fired(_, outputs):
                axis = unit_axis(layer, outputs)
                others = [each for each in range(len(outputs.shape)) if each != axis]
                return ops.max(outputs, axis=others) > threshold

            return Note(layer, fired)

        notes = {name: watched(each) for name, each in layers_of(self.model).items() if _rectifies(each)}
        return Wanted(self.data, self.batches, notes)

    def record(self, seen: Seen, epoch: int):
        fired = {name: np.any(each, axis=0) for name, each in seen.notes.items()}
        units = sum(each.size for each in fired.values())
        dead = sum(int((~each).sum()) for each in fired.values())
        by_layer = {name: float((~each).mean()) for name, each in fired.items()}
        return {"overall": dead / units if units else 0.0, "by_layer": by_layer}

    def logged(self, record):
        return {"dead_units": record["overall"]}

    def words(self):
        return [
            f"layer {name}: {100 * share:.0f} % of units never fired in the last epoch; try a lower learning rate or "
            "leaky_relu"
            for name, share in (self.by_layer[-1] if self.records else {}).items()
            if share > _MANY
        ]

    def shares(self) -> dict[str, float]:
        """The share of dead units by layer name, now."""
        return self.record(self.look(), 0)["by_layer"]


def _rectifies(layer: keras.layers.Layer) -> bool:
    """Whether a layer's activation is a rectifier, by its name."""
    if isinstance(layer, keras.layers.ReLU):
        return not layer.negative_slope
    activation = getattr(layer, "activation", None)
    if isinstance(activation, keras.layers.Layer):
        return False  # it is visited itself
    return getattr(activation, "__name__", "") in _RECTIFIERS
