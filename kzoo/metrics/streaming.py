"""Metrics that come out the same however the data is cut into batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

from kzoo.metrics.replicas import check_replicas, replica_count


class RunningSum:
    """A sum over batches that doesn't lose small numbers beside a large total.

    What rounding takes from each addition is kept beside the total: a plain float32 counter stands still at 16.7
    million. Replicas add up their own part, and the parts add up.

    Args:
        metric: The metric whose state it is.
        shape: Shape of the sum.
        name: Name of its variable.
    """

    def __init__(self, metric: Streaming, shape: Sequence[int], name: str):
        self._replicas = metric.replicas
        self.total = metric.add_variable(shape, "zeros", dtype=metric.state_dtype, name=name)
        self.lost = metric.add_variable(shape, "zeros", dtype=metric.state_dtype, name=f"{name}_lost")

    def add(self, value: Any) -> None:
        check_replicas(self._replicas)
        before = ops.convert_to_tensor(self.total)
        value = ops.cast(value, self.total.dtype)
        after = before + value
        # What was added in truth, and by how much that differs from both (Knuth's two-sum).
        added = after - before
        lost = (before - (after - added)) + (value - added)
        self.lost.assign_add(ops.where(ops.isfinite(lost), lost, ops.zeros_like(lost)))
        self.total.assign(after)

    def add_all_of(self, other: RunningSum) -> None:
        self.add(other.total)
        self.add(other.lost)

    def value(self) -> Any:
        return ops.convert_to_tensor(self.total) + ops.convert_to_tensor(self.lost)


class Streaming(keras.metrics.Metric):
    """What kzoo's metrics share: they keep sums, or rows, from which the result of one pass over everything follows.

    Args:
        name: Name of the metric.
        dtype: float64 to count in it; anything else counts in float32, half precision can't.
    """

    def __init__(self, name: str | None = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.state_dtype = "float64" if self.dtype == "float64" else "float32"
        self.replicas = replica_count()
        self._sums: list[RunningSum] = []

    def running_sum(self, name: str, shape: Sequence[int] = ()) -> RunningSum:
        """A new sum that belongs to the state, 0 to begin with."""
        made = RunningSum(self, shape, name)
        self._sums.append(made)
        return made

    def merge_state(self, metrics: Iterable[keras.metrics.Metric]) -> None:
        """Takes in what other metrics have seen, as if this one had seen it too.

        Args:
            metrics: Metrics of the same class, made with the same arguments.

        Raises:
            ValueError: If one of them isn't.
        """
        for metric in metrics:
            if type(metric) is not type(self) or _arguments(metric) != _arguments(self):
                raise ValueError(
                    f"Expected metrics like {_arguments(self)} of {type(self).__name__} to merge. "
                    f"Received: {type(metric).__name__} with {_arguments(metric)}"
                )
            self._merge(metric)

    def _merge(self, other: Any) -> None:
        for mine, theirs in zip(self._sums, other._sums, strict=True):
            mine.add_all_of(theirs)


def _arguments(metric: keras.metrics.Metric) -> dict[str, Any]:
    return {key: value for key, value in metric.get_config().items() if key != "name"}
