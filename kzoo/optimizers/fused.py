"""Rules of optimizers in one pass over memory, where TensorFlow would take one for each operation."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import functools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

# Numbers in all weights of a shape; for fewer it isn't worth the tenth of a second that XLA takes.
ENOUGH = 1 << 12
_APART = contextvars.ContextVar("_APART", default=False)


@contextlib.contextmanager
def rules_apart() -> Iterator[None]:
    """Within it rules are run operation by operation, which is what a compiler of whole steps gets to see."""
    before = _APART.set(True)
    try:
        yield
    finally:
        _APART.reset(before)


class Fused:
    """Calls a rule, compiled by XLA where that pays: on TensorFlow without anything but CPUs.

    Keras compiles whole steps on a GPU. On a CPU it doesn't, since convolutions would be slow, and each operation of a
    rule then reads and writes as many numbers as the weight has. Under `tf.distribute` rules are left as they are:
    what they read of the optimizer belongs to a device there.

    Args:
        rule: Gets a weight, its gradient and its slots, and keywords; the weight's new value and its slots' are all
            that it has to say.
        variables: The weights.
    """

    def __init__(self, rule: Callable[..., tuple[Any, list[Any]]], variables: Iterable[Any]):
        self._rule = rule
        shapes = collections.Counter(tuple(each.shape) for each in variables)
        self._worth_it = {shape for shape, count in shapes.items() if count * math.prod(shape) >= ENOUGH}
        self._compiled: dict[tuple[Any, ...], Callable[..., tuple[Any, list[Any]]]] = {}

    def __call__(self, weight: Any, gradient: Any, slots: list[Any], *, decay: float, **scalars: Any) -> Any:
        """Calls the rule.

        Args:
            weight: A weight.
            gradient: Its gradient.
            slots: Its slots.
            decay: A number that is the same at every step.
            **scalars: Scalar tensors, which aren't.

        Returns:
            What the rule does.
        """
        if tuple(weight.shape) not in self._worth_it or not _is_possible():
            return self._rule(weight, gradient, slots, decay=decay, **scalars)
        import tensorflow as tf

        # One function for each shape: TensorFlow takes one of many shapes for a mistake, and warns.
        key = (tuple(weight.shape), weight.dtype, decay)
        if key not in self._compiled:
            rule = functools.partial(self._rule, decay=decay)
            self._compiled[key] = tf.function(rule, jit_compile=True, autograph=False)
        slots = [tf.convert_to_tensor(each) for each in slots]
        return self._compiled[key](tf.convert_to_tensor(weight), gradient, slots, **scalars)


def _is_possible() -> bool:
    if keras.backend.backend() != "tensorflow" or _APART.get():
        return False
    import tensorflow as tf

    devices = {each.device_type for each in tf.config.list_logical_devices()}
    return devices == {"CPU"} and not tf.distribute.has_strategy()
