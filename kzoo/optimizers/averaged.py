"""Optimizers around others that average where the weights have been, and have the model stand there."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.optimizers.around import Around
from kzoo.optimizers.copied import copy_of
from kzoo.optimizers.look_ahead import looking_ahead

_HALF = ("float16", "bfloat16")
_AVERAGE, _TO_AVERAGE, _TO_RAW = "average", "to average", "to raw"


class Averaged(Around):
    """What `SWA` and `EMA` share; a class writes `share`.

    After `apply` a weight is where the optimizer inside left it. In `fit` it is at the average between steps, where it
    is evaluated and saved, and the slot holds the raw weight meanwhile: nothing is computed on the way there and back.
    """

    wants_recalibration = True  # of batch normalization: its statistics are those of the raw weights
    hands_on_train_step = True  # that of SAM, say, inside

    def __init__(self, optimizer, name, **kwargs):
        super().__init__(optimizer, name, **kwargs)
        inner = self.optimizer
        if hasattr(inner, "to_x") or isinstance(inner, Averaged) or inner.use_ema:
            raise ValueError(
                f"`optimizer` must be one that averages nothing itself. Received: optimizer={type(inner).__name__}"
                f"{' with use_ema' if inner.use_ema else ''}"
            )
        self.passes = getattr(inner, "passes", 1)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._kept = [self._slots_of(each) for each in variables]
        wide = any(keras.backend.standardize_dtype(each.dtype) == "float64" for each in variables)
        self._wide = "float64" if wide else "float32"
        self._at_average = self.add_variable(
            (), "zeros", dtype="float32", aggregation="only_first_replica", name="at_average"
        )

    def _slots_of(self, variable) -> list[Any]:
        """The average or, while the model stands there, the raw weight; both where they differ in dtype."""
        if self._overwrite_variable_with_gradient(variable):
            return []
        half = keras.backend.standardize_dtype(variable.dtype) in _HALF
        return [
            self.add_variable(
                variable.shape,
                copy_of(variable),
                dtype="float32" if half and name == _AVERAGE else variable.dtype,
                layout=getattr(variable, "_layout", None),
                name=f"{variable.path.replace('/', '_')}_{name}",
            )
            for name in (("average", "raw") if half else ("average",))
        ]

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        before = ops.copy(ops.convert_to_tensor(self.optimizer.iterations))
        self.optimizer.apply(grads, trainable_variables)
        # None yet with gradients that are still being accumulated, or where SAM has only climbed.
        updates = ops.convert_to_tensor(self.optimizer.iterations)
        share = self.share(updates, self._wide)
        share = ops.where(updates > before, share, ops.zeros_like(share))
        # In place of gradients: Keras's way to reach every copy of a variable, under tf.distribute too.
        keras.optimizers.Optimizer._backend_update_step(
            self, [share] * len(trainable_variables), trainable_variables, _AVERAGE
        )

    def update_step(self, gradient, variable, learning_rate):
        """What is said in place of a learning rate: moves the average on, or the weight there or back."""
        slots = self._kept[self._get_variable_index(variable)]
        if not slots:
            return
        if learning_rate == _AVERAGE:
            self._average(variable, slots[0], gradient)
        elif learning_rate == _TO_AVERAGE:
            self._to_average(variable, *slots)
        else:
            self._to_raw(variable, *slots)

    def _average(self, variable, average, share):
        mean = ops.convert_to_tensor(average)
        weight, share = ops.cast(variable, mean.dtype), ops.cast(share, mean.dtype)
        ahead = ops.where(share < 1, mean + (weight - mean) * share, weight)
        self.assign(average, ops.where(share > 0, ahead, mean))

    def share(self, updates, dtype: str):
        """How much of the weights goes into the average after this update; 1 begins anew.

        Args:
            updates: How many updates there were, from 1, an integer tensor.
            dtype: That of the result, a scalar tensor.
        """
        raise NotImplementedError

    # Between the average and the raw weights ------------------------------------------------------------------------

    def to_average(self, variables) -> None:
        """Moves weights to their average, where they are evaluated; where they are there already, nothing happens."""
        self.for_each_weight(variables, _TO_AVERAGE)
        self.assign(self._at_average, 1.0)

    def to_raw(self, variables) -> None:
        """Moves weights back to where training goes on; where they are there already, nothing happens."""
        self.for_each_weight(variables, _TO_RAW)
        self.assign(self._at_average, 0.0)

    def _to_average(self, variable, average, raw=None):
        weight, mean = ops.convert_to_tensor(variable), ops.convert_to_tensor(average)
        there = self._at_average > 0.5
        if raw is None:
            weight, mean = ops.copy(weight), ops.copy(mean)
            self.assign(average, ops.where(there, mean, weight))
        else:
            self.assign(raw, ops.where(there, ops.convert_to_tensor(raw), weight))
        self.assign(variable, ops.where(there, weight, ops.cast(mean, weight.dtype)))

    def _to_raw(self, variable, average, raw=None):
        weight, mean = ops.convert_to_tensor(variable), ops.convert_to_tensor(average)
        there = self._at_average > 0.5
        if raw is None:
            weight, mean = ops.copy(weight), ops.copy(mean)
            self.assign(variable, ops.where(there, mean, weight))
            kept = ops.where(there, weight, mean)
        else:
            self.assign(variable, ops.where(there, ops.convert_to_tensor(raw), weight))
            kept = mean
        # Before the first step weights may have been set to something else since the slots were made.
        fresh = ops.logical_and(ops.logical_not(there), ops.equal(self.optimizer.iterations, 0))
        self.assign(average, ops.where(fresh, ops.cast(weight, mean.dtype), kept))

    def wrap_train_step(self, model, step):
        """The train step of a model compiled with this optimizer: it begins and ends at the average."""
        if hasattr(self.optimizer, "wrap_train_step"):
            step = self.optimizer.wrap_train_step(model, step)
        return looking_ahead(model, step, self, self.to_raw, self.to_average)

    def get_config(self):
        own = ("use_ema", "ema_momentum", "ema_overwrite_frequency")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
