"""Computing in float32 what half precision can't hold."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def at_least_float32(*tensors: Any) -> tuple[Any, ...]:
    """Tensors of float16 and bfloat16 as float32, others as they are; what `torch.autocast` does for losses.

    A square of 300 is beyond float16, and the loss of it often isn't. Keras brings the result back to the dtype of
    the loss.

    Args:
        *tensors: Tensors of floats.
    """
    return tuple(
        ops.cast(each, "float32") if keras.backend.standardize_dtype(each.dtype) in _HALVES else each
        for each in tensors
    )


_HALVES = ("float16", "bfloat16")
