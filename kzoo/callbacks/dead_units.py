"""Counting the units of rectifiers that have died."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kzoo.problems import KzooWarning

_ARRAY_BATCH = 32
# Activations that are flat below zero: a unit that never gets above it learns no more.
_RECTIFIERS = frozenset({"relu", "relu6", "squared_relu"})


class DeadUnits(keras.callbacks.Callback):
    """Watches the share of rectifier units that never fire.

    At the end of each epoch it runs a few batches through the model and counts, for every layer whose activation is a
    ReLU or ReLU6, the units (channels, in a convolution) that were above `threshold` for no sample and no position.
    It adds `dead_units`, their share over all those layers, to the epoch's logs, and warns at the end of the training
    if a layer has more than half of them.

    Args:
        data: What to run: batches `(x, y)` or `x`, as a `tf.data.Dataset` or any other iterable that can be run
            through again, or one array of inputs. Recipes fill in the training data.
        batches: How many batches of it are used.
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

    log_names = ("dead_units",)  # what it adds to the logs, so that a recipe may have it monitored

    def __init__(self, data=None, batches: int = 8, threshold: float = 0.0):
        super().__init__()
        if isinstance(batches, bool) or not isinstance(batches, int) or batches < 1:
            raise ValueError(f"`batches` must be a positive integer. Received: batches={batches!r}")
        self.data = data
        self.batches = batches
        self.threshold = float(threshold)
        self.by_layer: list[dict[str, float]] = []

    def on_train_begin(self, logs=None):
        if self.data is None:
            raise ValueError(
                "`data` must be given: DeadUnits runs some of it through the model at the end of each epoch, say "
                "DeadUnits(x_train[:256]). Received: data=None"
            )
        self.by_layer = []

    def on_epoch_end(self, epoch, logs=None):
        counts = self._counts()
        self.by_layer.append({name: dead / units for name, (dead, units) in counts.items()})
        if logs is not None:
            units = sum(units for _, units in counts.values())
            logs["dead_units"] = sum(dead for dead, _ in counts.values()) / units if units else 0.0

    def on_train_end(self, logs=None):
        for name, share in (self.by_layer[-1] if self.by_layer else {}).items():
            if share > 0.5:
                warnings.warn(
                    f"layer {name}: {share:.0%} of units never fired in the last epoch; try a lower learning rate or "
                    "leaky_relu",
                    KzooWarning,
                    stacklevel=2,
                )

    def shares(self) -> dict[str, float]:
        """The share of dead units by layer name, now."""
        return {name: dead / units for name, (dead, units) in self._counts().items()}

    def _counts(self) -> dict[str, tuple[int, int]]:
        """By layer name: how many units are dead, and how many there are."""
        fired: dict[str, np.ndarray] = {}
        layers = [each for each in self.model._flatten_layers(include_self=False) if _rectifies(each)]
        with _recording(layers, self.threshold, fired):
            for inputs in self._inputs():
                self.model(inputs, training=False)
        return {name: (int((~each).sum()), each.size) for name, each in fired.items()}

    def _inputs(self) -> Iterator[Any]:
        data = self.data
        if hasattr(data, "shape") and hasattr(data, "__getitem__"):
            data = np.array_split(np.asarray(data), range(_ARRAY_BATCH, len(data), _ARRAY_BATCH))
        for batch in itertools.islice(iter(data), self.batches):
            inputs = batch[0] if isinstance(batch, (tuple, list)) else batch
            yield keras.tree.map_structure(lambda each: keras.ops.convert_to_tensor(np.asarray(each)), inputs)


def _rectifies(layer: keras.layers.Layer) -> bool:
    """Whether a layer's activation is a rectifier, by its name."""
    if isinstance(layer, keras.layers.ReLU):
        return not layer.negative_slope
    activation = getattr(layer, "activation", None)
    if isinstance(activation, keras.layers.Layer):
        return False  # it is visited itself
    return getattr(activation, "__name__", "") in _RECTIFIERS


@contextlib.contextmanager
def _recording(layers: list[Any], threshold: float, fired: dict[str, np.ndarray]) -> Iterator[None]:
    """Notes in `fired`, while it lasts, which units of the layers get above the threshold."""

    def recorded(layer):
        call = layer.call

        def call_and_note(*args, **kwargs):
            outputs = call(*args, **kwargs)
            axis = 1 if getattr(layer, "data_format", "") == "channels_first" else len(outputs.shape) - 1
            others = [each for each in range(len(outputs.shape)) if each != axis]
            above = keras.ops.convert_to_numpy(keras.ops.any(outputs > threshold, axis=others))
            fired[layer.name] = fired.get(layer.name, False) | above
            return outputs

        return call_and_note

    for layer in layers:
        object.__setattr__(layer, "call", recorded(layer))
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
