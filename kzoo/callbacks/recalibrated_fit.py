"""`Model.fit` that recalibrates batch normalization, for optimizers whose weights are averages."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from kzoo.callbacks.recalibrate_batch_norm import RecalibrateBatchNorm, layers_with_statistics
from kzoo.problems import KzooWarning


def recalibrated_fit(model: keras.Model, fit: Callable[..., Any]) -> Callable[..., Any]:
    """`fit` with `RecalibrateBatchNorm` among its callbacks, first of all, unless it is there or has nothing to do.

    Args:
        model: The model.
        fit: Its method.
    """
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def fit_and_recalibrate(*arguments: Any, **keywords: Any) -> Any:
        bound = signature.bind(*arguments, **keywords)
        given = bound.arguments
        callbacks = given.get("callbacks") or []
        single = isinstance(callbacks, keras.callbacks.Callback)
        known = [callbacks] if single else getattr(callbacks, "callbacks", callbacks)
        if wants_recalibration(model) and not any(isinstance(each, RecalibrateBatchNorm) for each in known):
            data = _data(given)
            if data is None:
                warnings.warn(
                    "the statistics of batch normalization are those of other weights than the averaged ones: a "
                    "generator can't be run through again; add RecalibrateBatchNorm(data) to the callbacks",
                    KzooWarning,
                    stacklevel=2,
                )
            elif hasattr(callbacks, "callbacks"):  # a CallbackList
                added = RecalibrateBatchNorm(data)
                added.set_model(model)
                callbacks.callbacks.insert(0, added)
            else:
                given["callbacks"] = [RecalibrateBatchNorm(data), *known]
        return fit(*bound.args, **bound.kwargs)

    return fit_and_recalibrate


def wants_recalibration(model: keras.Model) -> bool:
    """Whether a compiled model's optimizer averages weights, and it has layers whose statistics that leaves behind."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return getattr(optimizer, "wants_recalibration", False) and bool(layers_with_statistics(model))


def _data(given: dict[str, Any]) -> Any:
    """The training data as `fit` got it, to be run through again; None where that can't be."""
    x = given.get("x")
    leaves = keras.tree.flatten(x)
    if leaves and all(hasattr(each, "shape") and hasattr(each, "__getitem__") for each in leaves):
        total = int(leaves[0].shape[0])
        trained = int(total * (1 - (given.get("validation_split") or 0.0)))
        return _Shuffled(x, trained, given.get("batch_size") or 32)
    if isinstance(x, keras.utils.PyDataset):
        return x
    return x if hasattr(x, "__iter__") and not hasattr(x, "__next__") else None


class _Shuffled:
    """Batches of arrays, in an order of their own that is always the same: they may be sorted by class.

    Args:
        arrays: One array, or a structure of them.
        total: How many of their samples are for training.
        size: Samples in a batch.
    """

    def __init__(self, arrays: Any, total: int, size: int):
        self.arrays, self.size = arrays, size
        self.order = np.random.default_rng(0).permutation(total)

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self.order), self.size):
            rows = np.sort(self.order[start : start + self.size])
            yield (
                keras.tree.map_structure(lambda each, rows=rows: np.asarray(each)[rows], self.arrays),
                None,
            )
