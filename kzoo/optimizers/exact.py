"""What this catalogue's optimizers share: exact in float64, steady in half precision, right for sparse gradients."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from kzoo.optimizers.fused import Fused
from kzoo.optimizers.gradients import dense_gradients
from kzoo.optimizers.learning_rate import widen_learning_rate

_HALF = ("float16", "bfloat16")


class ExactOptimizer(keras.optimizers.Optimizer):
    """An optimizer whose rule is one pure function of a weight, its gradient and its slots.

    Arithmetic and slots are in the dtype of the weight, but float32 where that is float16 or bfloat16. A class says
    in `SLOTS` what it keeps for each weight, and writes `step`; `advance` is for numbers that all weights share.

    `weight_decay` leaves biases, the scales of normalizations and all other weights of at most one axis alone, unless
    `decay_vectors` is true. Weights move in one pass (`Fused`), unless a class says in `IN_ONE_PASS` that its
    rule is as fast as it is: one that is mostly products of matrices.
    """

    SLOTS: tuple[str, ...] = ()
    IN_ONE_PASS = True
    _creating_slots = False

    def __init__(self, *arguments: Any, decay_vectors: bool = False, **keywords: Any):
        super().__init__(*arguments, **keywords)
        self.decay_vectors = bool(decay_vectors)

    def build(self, variables):
        if self.built:
            return
        widen_learning_rate(self, variables)
        super().build(variables)
        self._wide = any(keras.backend.standardize_dtype(each.dtype) == "float64" for each in variables)
        self._creating_slots = True
        self._slots = [self._slots_of(each) for each in variables]
        self._creating_slots = False
        self._move = Fused(self.move, variables) if self.IN_ONE_PASS else self.move
        self.build_shared()

    def _slots_of(self, variable):
        if self._overwrite_variable_with_gradient(variable):
            return []
        return [self.add_slot(variable, name) for name in self.slots_for(variable)]

    def slots_for(self, variable) -> tuple[str, ...]:
        """The slots of one weight; what depends on its shape is said here."""
        return self.SLOTS

    def add_slot(self, variable, name: str):
        """Creates one slot of a weight, zeros unless a class says otherwise."""
        return self.add_variable_from_reference(variable, name=name)

    def add_variable(self, shape, initializer="zeros", dtype=None, **more):
        if self._creating_slots:
            dtype = _working_dtype(dtype)
        return super().add_variable(shape, initializer, dtype, **more)

    def build_shared(self) -> None:
        """Creates the variables that all weights share, with `add_shared`."""

    def add_shared(self, name: str, value: float):
        """A scalar that all weights share, in float64 if any weight is."""
        return self.add_variable(
            shape=(),
            initializer=keras.initializers.Constant(value),
            dtype="float64" if self._wide else "float32",
            aggregation="only_first_replica",
            name=name,
        )

    def apply(self, grads, trainable_variables=None):
        super().apply(dense_gradients(grads), trainable_variables)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        self.advance(learning_rate)
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def advance(self, learning_rate) -> None:
        """Moves what all weights share on by a step, before the weights are moved."""

    def update_step(self, gradient, variable, learning_rate):
        dtype = _working_dtype(variable.dtype)
        self._move(
            variable,
            gradient,
            self._slots[self._get_variable_index(variable)],
            rate=ops.cast(learning_rate, dtype),
            decay=float(self.weight_decay or 0.0) if self._use_weight_decay(variable) else 0.0,
            time=ops.cast(self.iterations + 1, dtype),
        )

    def move(self, variable, gradient, slots: list[Any], **known: Any) -> None:
        """Moves a weight, and its slots, by the rule.

        Args:
            variable: The weight.
            gradient: Its gradient.
            slots: Its slots, variables too.
            **known: What `step` wants to know.
        """
        dtype = _working_dtype(variable.dtype)
        values = [ops.convert_to_tensor(each) for each in slots]
        weight, moved = self.step(ops.cast(variable, dtype), ops.cast(gradient, dtype), values, **known)
        for slot, value in zip(slots, moved):
            self.assign(slot, value)
        self.assign(variable, ops.cast(weight, keras.backend.standardize_dtype(variable.dtype)))

    def _use_weight_decay(self, variable):
        return (self.decay_vectors or len(variable.shape) > 1) and super()._use_weight_decay(variable)

    def get_config(self):
        return {**super().get_config(), "decay_vectors": self.decay_vectors}

    def step(self, weight, gradient, slots: list[Any], *, rate, decay: float, time):
        """The rule.

        Args:
            weight: The weight before the step.
            gradient: Its gradient.
            slots: Its slots, in the order of `slots_for`.
            rate: The learning rate, a scalar tensor.
            decay: The weight decay of this weight; 0 where it has none.
            time: t, a scalar tensor, from 1.

        Returns:
            The weight and the slots after the step.
        """
        raise NotImplementedError

    def _apply_weight_decay(self, variables):
        """Left to `step`, where it is exact in the dtype of the weight."""


def _working_dtype(dtype: Any) -> str:
    name = keras.backend.standardize_dtype(dtype)
    return "float32" if name in _HALF else name


def decayed(weight, rate, decay: float):
    """A weight after decoupled decay: θ · (1 - ηλ)."""
    return weight * (1 - rate * decay) if decay else weight


def moved(average, value, decay: float):
    """An exponential average after one more value."""
    return average + (value - average) * (1 - decay)


def one_minus_power(base: float, step):
    """1 - baseᵗ without the loss of digits that a power in float32 brings."""
    return -ops.expm1(step * (math.log(base) if base > 0 else -math.inf))


def larger(one, other):
    """The larger of a tensor and a tensor or number; `ops.maximum` rounds float64 to float32 on PyTorch."""
    other = ops.cast(other, one.dtype)
    return ops.where(one > other, one, other)


def smaller(one, other):
    """The smaller of a tensor and a tensor or number; `ops.minimum` rounds float64 to float32 on PyTorch."""
    other = ops.cast(other, one.dtype)
    return ops.where(one < other, one, other)


def power(base, exponent: float):
    """A power of what isn't negative; `ops.power` takes the exponent in float32 on PyTorch."""
    return ops.exp(ops.log(base) * exponent) if exponent else ops.ones_like(base)


def below_one(argument: str, value: float) -> float:
    """A decay, checked to be at least 0 and below 1."""
    if not 0 <= value < 1:
        raise ValueError(f"`{argument}` must be at least 0 and below 1. Received: {argument}={value}")
    return float(value)


def not_negative(argument: str, value: float) -> float:
    """A number, checked not to be negative."""
    if not value >= 0:
        raise ValueError(f"`{argument}` must be 0 or a positive number. Received: {argument}={value}")
    return float(value)
