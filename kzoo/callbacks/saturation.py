"""How much of a layer lies in the flat parts of its activation."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from kzoo.arguments import count, share
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen, Wanted
from kzoo.callbacks.recording import Note, layers_of, unit_axis

# How steep bounded activations are, as a share of their steepest, from what they give: y = f(x).
_SLOPES = {
    "sigmoid": lambda y: 4 * y * (1 - y),
    "tanh": lambda y: 1 - ops.square(y),
    "softsign": lambda y: ops.square(1 - ops.abs(y)),
    "hard_sigmoid": lambda y: ops.cast((y > 0) & (y < 1), "float32"),
    "hard_tanh": lambda y: ops.cast(ops.abs(y) < 1, "float32"),
}
_MANY = 0.5  # of a layer: from there on it is worth a word


class Saturation(Diagnostic):
    """Watches how much of the layers with a bounded activation lies where that is flat, and hardly learns.

    At the end of each epoch it runs a few batches through the model. A unit (a channel, in a convolution) is saturated
    for a sample, and a position, where the slope of its activation is below `flat` times the steepest there is: 10 %
    mean |y| > .949 for tanh, y < .026 or y > .974 for sigmoid. Watched are sigmoid, tanh, softsign, hard_sigmoid and
    hard_tanh, but not a model's last layer, which is to be sure of itself. It adds `saturation`, the share of all that
    was looked at, to the epoch's logs, and warns at the end of the training if more than half of a layer is saturated.

    Args:
        data: What to run: batches `(x, y)` or `x`, as a `tf.data.Dataset` or any other iterable that can be run
            through again, or one array of inputs. Recipes fill in the validation data, or without any the training
            data.
        batches: How many batches of it are used, always the same; 32 rows of an array are one.
        flat: Below which share of the steepest slope an activation counts as flat, from 0 to 1.

    Attributes:
        by_layer: One dict an epoch: the share by layer name, mean of all samples and units.
        stuck: One dict an epoch: the share of units that are saturated for every sample and position.

    Raises:
        ValueError: If `batches` isn't a positive integer or `flat` isn't from 0 to 1; when the training begins, if
            there is no `data`.

    Paper: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, where
    saturation of the top hidden layer shows.

    >>> import numpy as np, keras
    >>> from kzoo.callbacks import Saturation
    >>> hidden = keras.layers.Dense(4, activation="tanh", name="hidden")
    >>> model = keras.Sequential([keras.Input((1,)), hidden, keras.layers.Dense(1)])
    >>> hidden.set_weights([np.array([[0.0, 0.1, 9.0, 0.0]]), np.array([0.0, 0.0, 0.0, 5.0])])
    >>> callback = Saturation(np.array([[-1.0], [0.0], [1.0], [2.0]], "float32"))
    >>> callback.set_model(model)
    >>> callback.shares()  # 3 of 4 samples in the third unit, and all in the last
    {'hidden': 0.4375}
    """

    log_names = ("saturation",)

    def __init__(self, data=None, batches: int = 4, flat: float = 0.1):
        super().__init__()
        self.data = data
        self.batches = count(batches=batches)
        self.flat = share(flat=flat)

    @property
    def by_layer(self) -> list[dict[str, float]]:
        return [each["by_layer"] for each in self.records]

    @property
    def stuck(self) -> list[dict[str, float]]:
        return [each["stuck"] for each in self.records]

    def wanted(self):
        least = self.flat

        def watched(layer: Any) -> Note:
            slope = _SLOPES[layer.activation.__name__]

            def shares_of_units(_, outputs):
                axis = unit_axis(layer, outputs)
                others = [each for each in range(len(outputs.shape)) if each != axis]
                flat = ops.cast(slope(ops.cast(outputs, "float32")) < least, "float32")
                return ops.mean(flat, axis=others), ops.shape(outputs)[0]

            return Note(layer, shares_of_units)

        last = _last_of(self.model)
        notes = {
            name: watched(each)
            for name, each in layers_of(self.model).items()
            if _is_bounded(each) and id(each) not in last
        }
        return Wanted(self.data, self.batches, notes)

    def record(self, seen: Seen, epoch: int):
        by_layer, stuck, flat, units = {}, {}, 0.0, 0
        for name, calls in seen.notes.items():
            shares = np.average([each for each, _ in calls], axis=0, weights=[size for _, size in calls])
            by_layer[name], stuck[name] = float(shares.mean()), float((shares == 1).mean())
            flat, units = flat + float(shares.sum()), units + shares.size
        return {"overall": flat / units if units else 0.0, "by_layer": by_layer, "stuck": stuck}

    def logged(self, record):
        return {"saturation": record["overall"]}

    def words(self):
        last = self.records[-1] if self.records else {"by_layer": {}}
        return [
            f"layer {name}: {100 * share:.0f} % of what it gave in the last epoch was saturated, and "
            f"{100 * last['stuck'][name]:.0f} % of units always; try smaller initial weights, a normalization before "
            "it, or relu"
            for name, share in last["by_layer"].items()
            if share > _MANY
        ]

    def shares(self) -> dict[str, float]:
        """The share that is saturated by layer name, now."""
        return self.record(self.look(), 0)["by_layer"]


def _is_bounded(layer: Any) -> bool:
    """Whether what a layer gives is that of an activation with flat parts; that of an LSTM or GRU isn't."""
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return name in _SLOPES and not hasattr(layer, "recurrent_activation")


def _last_of(model: Any) -> set[int]:
    """The identities of the layers that give what a model gives, where that is known."""
    found = set()
    for output in getattr(model, "outputs", None) or []:
        layer = output._keras_history.operation
        found |= _last_of(layer) if hasattr(layer, "outputs") else {id(layer)}
    return found
