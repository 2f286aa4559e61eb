"""A few batches of whatever data a callback was given."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Collection, Iterable, Iterator
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

    Raises:
        ValueError: If there is none.
    """
    batches = iter(_batches(data, count))
    first = list(itertools.islice(batches, 1))
    if not first:
        raise ValueError(
            "`data` must have a batch or more, and be something that can be run through again, which a generator "
            f"can't. Received: data={type(data).__name__} without any"
        )
    for batch in itertools.islice(itertools.chain(first, batches), count):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(
            tuple(batch) if isinstance(batch, list) else batch
        )
        yield tuple(keras.tree.map_structure(_tensor, each) for each in (x, y, weight))


@dataclasses.dataclass
class Group:
    """Batches in a row that are run at once.

    Args:
        first: The number of the first one, from 0.
        batches: `(x, y, sample_weight)` each.
    """

    first: int
    batches: list[Any]

    @functools.cached_property
    def inputs(self) -> Any:
        """Of all of them, end to end."""
        return _joined([each[0] for each in self.batches])

    @functools.cached_property
    def targets(self) -> Any:
        """Likewise."""
        return _joined([each[1] for each in self.batches])


def grouped(batches: Iterable[Any], ends: Collection[int | None] = ()) -> Iterator[Group]:
    """Groups of batches that are of one shape: where inputs are small, a call takes longer than they.

    Args:
        batches: `(x, y, sample_weight)` each.
        ends: After how many batches a group ends whatever the next one is.
    """
    group = Group(0, [])
    numbers = 0.0
    for index, batch in enumerate(batches):
        numbers += _numbers(batch)
        if group.batches and (
            numbers > _SMALL or index in ends or _shapes(batch) != _shapes(group.batches[0])
        ):
            yield group
            group, numbers = Group(index, []), _numbers(batch)
        group.batches.append(batch)
    if group.batches:
        yield group


def _joined(parts: list[Any]) -> Any:
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
