"""Stochastic weight averaging around another optimizer."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.arguments import count
from kzoo.optimizers.averaged import Averaged
from kzoo.schedules.shares import whole_steps_of


@keras.saving.register_keras_serializable("kzoo")
class SWA(Averaged):
    """Averages where an optimizer leaves the weights, each time alike: wider optima (Izmailov et al. 2018).

    After update s, s + k, s + 2k, …: w̄ ← w̄ + (w - w̄) / (n + 1) where n are averaged already. Until then w̄ = w.

    Args:
        optimizer: The optimizer inside: its name, its configuration, or itself.
        start: s, the update from which on weights are averaged: a number of updates, a share of the training (a float
            below 1), or a text such as "75%". 0 is k.
        every: k, the updates from one weight that is averaged to the next: those of an epoch in the paper.
        total_steps: How many batches the training has, where `start` is a share of it. Recipes fill it in.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes, handed on to the optimizer inside.

    `learning_rate` is that of the optimizer inside. In `fit` the model is at the average whenever it is evaluated or
    saved, and training goes on from the raw weights; the statistics of batch normalization are measured anew for it
    (see `RecalibrateBatchNorm`). In a loop of your own it stays at the raw weights; `to_average(variables)` and
    `to_raw(variables)` go back and forth. Weights that you set or load after the first step replace the average alone:
    compile with a new optimizer to go on from them.

    Raises:
        ValueError: If an argument is out of its range or is set on the optimizer inside as well, or the optimizer
            inside averages weights itself.

    Paper: Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization, arXiv:1803.05407.

    What differs: `torch.optim.swa_utils.AveragedModel` is a second model, to be updated, recalibrated and evaluated by
    hand. `tfa.optimizers.SWA` called the arguments `start_averaging` and `average_period`, and needed
    `assign_average_vars` in the end.

    >>> from kzoo.optimizers import SWA
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = SWA(keras.optimizers.SGD(0.1), start=2, every=2)
    >>> for _ in range(4):
    ...     optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> optimizer.to_average([weight])
    >>> round(float(weight.numpy()[0]), 4)  # of .8 and .6
    0.7
    """

    def __init__(
        self,
        optimizer="sgd",
        start: float | int | str = 0,
        every: int = 1,
        total_steps: int | None = None,
        name: str | None = "swa",
        **kwargs,
    ):
        super().__init__(optimizer, name, **kwargs)
        self.every = count(every=every)
        self.start, self.total_steps = start, total_steps
        updates = None if total_steps is None else total_steps // self._batches_of_an_update()
        self._first = whole_steps_of("start", start, updates) or self.every

    def _batches_of_an_update(self) -> int:
        inner = self.optimizer
        while inner.gradient_accumulation_steps is None and hasattr(inner, "optimizer"):
            inner = inner.optimizer
        return inner.gradient_accumulation_steps or 1

    def share(self, updates, dtype):
        since = updates - self._first
        due = ops.logical_and(since >= 0, ops.equal(ops.mod(since, self.every), 0))
        number = ops.cast(ops.floor_divide(ops.maximum(since, 0), self.every) + 1, dtype)
        share = ops.where(due, 1 / number, ops.zeros_like(number))
        return ops.where(since < 0, ops.ones_like(number), share)

    def get_config(self):
        own = ("start", "every", "total_steps")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
