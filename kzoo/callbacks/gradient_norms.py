"""The size of the gradients, layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kzoo.arguments import count
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen, Wanted
from kzoo.callbacks.recording import layers_of

_RATIO = 1000.0  # between the ends of a network: from there on its layers can't share a learning rate
_LARGE = 1000.0  # of the norm of all gradients together


class GradientNorms(Diagnostic):
    """Watches the gradients of each layer, and whether they vanish or explode on their way back.

    At the end of each epoch it measures the gradient of the loss on a batch or a few, as in training, with dropout and
    regularization. It adds `gradient_norm`, the L2 norm of all of it, to the epoch's logs. At the end of the training
    it warns if gradients aren't finite, are large, or differ a thousandfold between the first and the last layer that
    has a kernel, by their root mean square: the norm would grow with the number of weights.

    Args:
        data: What to run: batches `(x, y)` as a `tf.data.Dataset` or any other iterable that can be run through again,
            or a tuple of arrays. Recipes fill in the training data, shuffled and augmented.
        batches: How many batches of it are used, always the same; the gradient is the mean of theirs. 32 rows of
            arrays are one.

    Attributes:
        by_layer: One dict an epoch: the L2 norm of the gradient of each layer's own weights, in the order of the model.
        rms: One dict an epoch: the root mean square of the same.

    Raises:
        ValueError: If `batches` isn't a positive integer; when the training begins, if there is no `data`.

    What differs: Lightning's `grad_norm` and W&B's `watch(log="gradients")` take each step's gradients after the
    backward pass. Here those at the end of an epoch are measured apart, on the same batches each time, and before any
    clipping.

    >>> import numpy as np, keras
    >>> from kzoo.callbacks import GradientNorms
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, name="only")])
    >>> model.layers[0].set_weights([np.array([[2.0]])])
    >>> model.compile("sgd", "mse")
    >>> callback = GradientNorms((np.array([[3.0]]), np.array([[1.0]])))
    >>> callback.set_model(model)
    >>> callback.norms()  # the slope of (3w - 1)² at 2
    {'only': 30.0}
    """

    log_names = ("gradient_norm",)

    def __init__(self, data=None, batches: int = 1):
        super().__init__()
        self.data = data
        self.batches = count(batches=batches)

    @property
    def by_layer(self) -> list[dict[str, float]]:
        return [each["by_layer"] for each in self.records]

    @property
    def rms(self) -> list[dict[str, float]]:
        return [each["rms"] for each in self.records]

    def wanted(self):
        return Wanted(self.data, self.batches, gradients=True)

    def record(self, seen: Seen, epoch: int):
        of_weight = {
            id(weight): each for weight, each in zip(self.model.trainable_weights, seen.mean_gradients())
        }
        by_layer, rms = {}, {}
        for name, layer in self._layers().items():
            own = [of_weight[id(each)] for each in layer._trainable_variables if id(each) in of_weight]
            if own:
                total = sum(float(np.vdot(each, each)) for each in own)
                by_layer[name] = math.sqrt(total)
                rms[name] = math.sqrt(total / sum(each.size for each in own))
        every = [float(np.vdot(each, each)) for each in of_weight.values()]
        return {"overall": math.sqrt(sum(every)), "by_layer": by_layer, "rms": rms}

    def logged(self, record):
        return {"gradient_norm": record["overall"]}

    def words(self):
        if not self.records:
            return []
        record = self.records[-1]
        wrong = [name for name, norm in record["by_layer"].items() if not math.isfinite(norm)]
        if wrong:
            return [
                f"gradients of {len(wrong)} layers, the first {wrong[0]}, aren't finite; try a lower learning rate, or "
                "clipnorm: 1.0 at the optimizer"
            ]
        return [*self._between_the_ends(record["rms"]), *self._large(record["overall"])]

    def _between_the_ends(self, rms: dict[str, float]) -> list[str]:
        kernels = {
            name
            for name, layer in self._layers().items()
            if any(len(each.shape) > 1 for each in layer._trainable_variables)
        }
        names = [name for name in rms if name in kernels]
        if len(names) < 2 or not rms[names[-1]]:
            return []
        first, last = names[0], names[-1]
        ratio = rms[first] / rms[last]
        if ratio < 1 / _RATIO:
            return [
                f"gradients vanish: those of layer {first} are {_times(ratio)} those of layer {last} in the last "
                "epoch; try relu or gelu, a normalization, he_normal, or connections past the layers"
            ]
        if ratio > _RATIO:
            return [
                f"gradients explode on their way back: those of layer {first} are {_times(ratio)} those of layer "
                f"{last} in the last epoch; try a normalization, smaller initial weights, or clipnorm: 1.0 at the "
                "optimizer"
            ]
        return []

    def _large(self, norm: float) -> list[str]:
        if norm < _LARGE:
            return []
        return [
            f"gradients are large: their norm is {norm:.3g} in the last epoch; try a lower learning rate, or "
            "clipnorm: 1.0 at the optimizer"
        ]

    def _layers(self) -> dict[str, Any]:
        """Whatever may have weights of its own."""
        return layers_of(self.model, in_loops=True) | {self.model.name: self.model}

    def norms(self) -> dict[str, float]:
        """The L2 norm of the gradient by layer name, now."""
        return self.record(self.look(), 0)["by_layer"]

    def _example(self) -> str:
        return "(x_train[:256], y_train[:256])"


def _times(ratio: float) -> str:
    return f"{ratio:.2g} times" if ratio else "nothing beside"
