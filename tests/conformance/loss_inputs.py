"""What targets and predictions a loss takes, where they aren't just two arrays of real numbers of one shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Array = np.ndarray
Shape = tuple[int, ...]
_NUMBERS = np.array([1e4, -1e4, 0.0, -0.0, 1e-40, -1e-40, 1.0, 3e-8])


def real(generator: np.random.Generator, shape: Shape) -> tuple[Array, Array]:
    return tuple(generator.normal(size=shape).astype("float32") for _ in range(2))


def real_extremes(dtype: str) -> Iterable[tuple[Array, Array]]:
    for y_true in (_NUMBERS[::-1].copy(), _NUMBERS, _NUMBERS * 0):
        for y_pred in (_NUMBERS, _NUMBERS * 1e-30):
            yield y_true[:, None], y_pred[:, None]


@dataclasses.dataclass(frozen=True)
class Inputs:
    """How the tests make what a loss is called with.

    Args:
        make: From a generator and the shape of predictions to targets and predictions.
        extremes: From a dtype to pairs whose loss is a number of that dtype, with a slope that is one.
        shapes: Shapes of predictions that the loss takes.
        each: From the shape of predictions to that of the unreduced loss.
        output: Shape of one prediction of a model.
        head: Makes the layers that follow a model's last dense layer.
        column: Whether `(B,)` and `(B, 1)` are the same to it.
        adds_elements: Whether the reduction `sum` adds up the last axis as well.
        masked_as_a_whole: Whether a Keras mask of the predictions says which losses count, not which parts of them.
    """

    make: Callable[[np.random.Generator, Shape], tuple[Array, Array]] = real
    extremes: Callable[[str], Iterable[tuple[Array, Array]]] = real_extremes
    shapes: tuple[Shape, ...] = ((1, 1), (7,), (3, 1, 5), (2, 3, 4, 5, 1))
    each: Callable[[Shape], Shape] = lambda shape: shape[:-1]
    output: Shape = (1,)
    head: Callable[[], tuple[Any, ...]] = tuple
    column: bool = True
    adds_elements: bool = False
    masked_as_a_whole: bool = True
