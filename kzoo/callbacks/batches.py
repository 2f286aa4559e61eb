"""A few batches of whatever data a callback was given."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

_ROWS = 32  # of arrays, in a batch
_SMALL = 1 << 18  # numbers in the inputs of batches that are run together


def first_batches(data: Any, count: int | None) -> Iterator[tuple[Any, Any, Any]]:
    """The first batches of data, as `(x, y, sample_weight)` of the backend's tensors.

    Args:
        data: Batches `(x, y)` or `x` as a `tf.data.Dataset`, a `keras.utils.PyDataset` or another iterable; or one
            array of inputs, or a tuple of arrays `(x, y)`. Of arrays rows are drawn, always the same.
        count: How many batches; None for all.
    """
    for batch in itertools.islice(_batches(data, count), count):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(
            tuple(batch) if isinstance(batch, list) else batch
        )
        yield tuple(keras.tree.map_structure(_tensor, each) for each in (x, y, weight))


def small_together(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """Groups of batches in a row that `joined` can join: where inputs are small, a call takes longer than they.

    Args:
        batches: `(x, y, sample_weight)` each.
    """
    group: list[Any] = []
    numbers = 0.0
    for batch in batches:
        numbers += _numbers(batch)
        if group and (numbers > _SMALL or _shapes(batch) != _shapes(group[0])):
            yield group
            group, numbers = [], _numbers(batch)
        group.append(batch)
    if group:
        yield group


def joined(parts: list[Any]) -> Any:
    """Tensors, or structures of them, end to end."""
    if len(parts) == 1:
        return parts[0]
    return keras.tree.map_structure(lambda *each: keras.ops.concatenate(each), *parts)


def _shapes(batch: Any) -> list[tuple[Any, ...]]:
    """Of all tensors of a batch, but for how many rows they have."""
    return [tuple(each.shape[1:]) for each in keras.tree.flatten(batch) if each is not None]


def _numbers(batch: Any) -> float:
    """How many the inputs have; infinitely many where rows differ in length."""
    shapes = [tuple(each.shape) for each in keras.tree.flatten(batch[0])]
    return sum(math.inf if None in shape else math.prod(shape) for shape in shapes)


def _batches(data: Any, count: int | None) -> Iterator[Any]:
    if isinstance(data, keras.utils.PyDataset):
        return (data[index] for index in range(data.num_batches))
    if _is_array(data) or (isinstance(data, tuple) and all(map(_is_array, keras.tree.flatten(data)))):
        return _of_arrays(data, count)
    return iter(data)


def _is_array(data: Any) -> bool:
    return hasattr(data, "shape") and hasattr(data, "__getitem__")


def _of_arrays(data: Any, count: int | None) -> Iterator[Any]:
    total = len(keras.tree.flatten(data)[0])
    order = np.arange(total)
    if count is not None and count * _ROWS < total:
        order = np.random.default_rng(0).permutation(total)  # they may be sorted by class
    for start in range(0, total, _ROWS):
        rows = np.sort(order[start : start + _ROWS])
        yield keras.tree.map_structure(lambda each, rows=rows: np.asarray(each)[rows], data)


def _tensor(value: Any) -> Any:
    if value is None or keras.ops.is_tensor(value):
        return value
    return keras.ops.convert_to_tensor(np.asarray(value))
