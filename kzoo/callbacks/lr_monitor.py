"""The learning rate, epoch by epoch."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen


class LearningRateMonitor(Diagnostic):
    """Notes the learning rate at the end of each epoch, of each group of weights that has one of its own.

    It adds `learning_rate` to the epoch's logs, and where weights are in groups also `learning_rate_1`,
    `learning_rate_2` …, one a group: schedules evaluated, with what other callbacks made of them.

    Raises:
        ValueError: If the optimizer has no learning rate.

    What differs: Lightning's `LearningRateMonitor` can note it each step; a schedule is a function of the step, and
    `kzoo show` draws it.

    >>> import keras, numpy as np
    >>> from kzoo.callbacks import LearningRateMonitor
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.5, 1, 1.0)), "mse")
    >>> callback = LearningRateMonitor()
    >>> history = model.fit(np.zeros((32, 2)), np.zeros(32), epochs=3, verbose=0, callbacks=[callback])
    >>> [round(each["learning_rate"], 4) for each in callback.rates]
    [0.25, 0.1667, 0.125]
    """

    log_names = ("learning_rate",)
    needs_data = False

    @property
    def rates(self) -> list[dict[str, float]]:
        """One dict an epoch: the learning rate of each group."""
        return [each["by_group"] for each in self.records]

    def record(self, seen: Seen, epoch: int):
        optimizer = self.model.optimizer
        groups = _groups(optimizer)
        rates = {"learning_rate": _rate(optimizer)}
        if len(groups) > 1:
            rates |= {f"learning_rate_{number}": _rate(each) for number, each in enumerate(groups, start=1)}
        return {"by_group": rates}

    def logged(self, record):
        return record["by_group"]


def _groups(optimizer: Any) -> list[Any]:
    """The optimizers inside that have a learning rate of their own."""
    if isinstance(optimizer, keras.optimizers.MultiOptimizer):
        return [leaf for each in optimizer.optimizers for leaf in _groups(each)]
    for name in ("inner_optimizer", "optimizer"):
        inside = getattr(optimizer, name, None)
        if isinstance(inside, keras.optimizers.Optimizer):
            return _groups(inside)
    return [optimizer]


def _rate(optimizer: Any) -> float:
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))
