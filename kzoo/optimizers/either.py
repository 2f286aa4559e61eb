"""A branch of which only one side is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def either(condition: Any, one: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """What `one` gives where a condition holds, else what `other` gives: tensors of the same shapes and dtypes.

    Args:
        condition: A boolean scalar.
        one: Called without arguments.
        other: Likewise.
    """
    if keras.backend.backend() == "jax":
        import jax

        # Outside of a compiled step JAX would compile both sides anew at every call.
        if not isinstance(condition, jax.core.Tracer):
            return one() if condition else other()
    return ops.cond(condition, one, other)
