"""What a metric is updated with, and what else means the same to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from .golden import Case

Array = np.ndarray
Data = tuple[Array | None, ...]
_NAMES = ("values", "y_true", "y_pred", "sample_weight")


def data(case: Case) -> Data:
    """What `update_state` is called with: targets and predictions, or values; then weights, if there are any."""
    return tuple(case.arrays[name] for name in _NAMES if name in case.arrays)


def weight_of(case: Case) -> Array:
    return case.arrays.get("sample_weight", np.ones(len(data(case)[0]), "float32"))


def same_with_weights(case: Case) -> Iterable[tuple[Data, Data]]:
    """One weight for each sample, in every form that weights come in."""
    *inputs, weight = *data(case)[: 1 + ("y_pred" in case.arrays)], weight_of(case)
    whole = ("int32", "float16") if (weight == weight.round()).all() else ()
    for other in (weight[:, None], *(weight.astype(dtype) for dtype in whole)):
        yield (*inputs, weight), (*inputs, other)
    if "sample_weight" not in case.arrays:
        yield tuple(inputs), (*inputs, weight)


def nothing(case: Case) -> Iterable[Data]:
    return ()


@dataclasses.dataclass(frozen=True)
class MetricInputs:
    """How the tests treat a metric.

    Args:
        forms: From a case to pairs of data that have the same result.
        extremes: From a case to data whose result is a number.
        scaled: Whether weights count relative to each other only.
        in_models: Whether it takes targets and predictions, as a model's metrics do.
    """

    forms: Callable[[Case], Iterable[tuple[Data, Data]]] = lambda case: ()
    extremes: Callable[[Case], Iterable[Data]] = nothing
    scaled: bool = True
    in_models: bool = True
