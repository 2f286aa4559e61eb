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
    """Calls what moves a weight, compiled by XLA where that pays: on TensorFlow without anything but CPUs.

    Keras compiles whole steps on a GPU. On a CPU it doesn't, since convolutions would be slow, and each operation of a
    rule then reads and writes as many numbers as the weight has. Compiled, a rule writes new values where it has read
    the old ones: memory that was just asked for would have to be fetched before it is written. Under `tf.distribute`
    rules are left as they are: what they read of the optimizer belongs to a device there.

    Args:
        move: Gets a weight, its gradient and its slots, and keywords. The weight and the slots are variables, which
            it assigns to.
        variables: The weights.
    """

    def __init__(self, move: Callable[..., Any], variables: Iterable[Any]):
        self._move = move
        shapes = collections.Counter(tuple(each.shape) for each in variables)
        self._worth_it = {shape for shape, count in shapes.items() if count * math.prod(shape) >= ENOUGH}
        self._compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def __call__(self, weight: Any, gradient: Any, slots: list[Any], *, decay: float, **tensors: Any) -> Any:
        """Moves a weight.

        Args:
            weight: A weight.
            gradient: Its gradient, or another tensor.
            slots: Its slots.
            decay: A number that is the same at every step.
            **tensors: Tensors, which aren't.

        Returns:
            What `move` does.
        """
        if tuple(weight.shape) not in self._worth_it or not _is_possible():
            return self._move(weight, gradient, slots, decay=decay, **tensors)
        import tensorflow as tf

        # One function for each shape: TensorFlow takes one of many shapes for a mistake, and warns.
        key = (tuple(weight.shape), weight.dtype, decay)
        if key not in self._compiled:
            move = functools.partial(self._move, decay=decay)
            self._compiled[key] = tf.function(move, jit_compile=True, autograph=False)
        return self._compiled[key](_its_own(weight), gradient, [_its_own(each) for each in slots], **tensors)


def _its_own(variable: Any) -> Any:
    """TensorFlow's variable of one of Keras's, which its functions take for a constant."""
    return variable.value if isinstance(variable, keras.Variable) else variable


def _is_possible() -> bool:
    if keras.backend.backend() != "tensorflow" or _APART.get():
        return False
    import tensorflow as tf

    devices = {each.device_type for each in tf.config.list_logical_devices()}
    return devices == {"CPU"} and not tf.distribute.has_strategy()
