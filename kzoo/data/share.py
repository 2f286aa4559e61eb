"""Which rows of each batch a host reads, where several devices or hosts train on one batch together.

A batch is filled up with repeated rows until every device gets as many as any other, cut into one block a host, and
marked with how many of its rows are real. The step then leaves the repeated rows out, so that nothing is counted twice.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Share:
    """A host's part of each batch.

    Args:
        devices: How many devices there are, on all hosts together; each host has as many as any other.
        hosts: How many hosts.
        host: Which of them this is, from 0.
        balanced: Whether each device has its real rows first and none goes empty; of a batch with fewer rows than
            devices each has all. Otherwise the real rows come first in the batch as a whole.

    >>> Share(devices=4, hosts=2, host=1).columns(10).tolist()  # filled up to 12
    [6, 7, 8, 9, 0, 1]
    >>> Share(devices=2, balanced=True).columns(5).tolist()
    [0, 1, 2, 3, 4, 3]
    """

    devices: int
    hosts: int = 1
    host: int = 0
    balanced: bool = False

    def rows(self, rows: int) -> int:
        """How many rows this host reads of a batch of `rows`."""
        if self.balanced and rows < self.devices:
            return rows * self.devices
        return math.ceil(rows / self.devices) * self.devices // self.hosts

    def columns(self, rows: int) -> np.ndarray:
        """Which rows this host reads of a batch of `rows`."""
        mine = np.arange(self.rows(rows))
        if not self.balanced:
            return (mine + self.host * len(mine)) % max(rows, 1)
        if rows < self.devices:
            return mine % max(rows, 1)
        each = -(-rows // self.devices)
        parts = np.array_split(np.arange(rows), self.devices)
        return np.concatenate([np.resize(part, each) for part in parts])

    def order(self, order: tf.Tensor, batch_size: int, whole: bool = False) -> tf.Tensor:
        """The examples that this host reads, one batch's after the other's.

        Args:
            order: The examples of an epoch, of known length.
            batch_size: How many of them make a batch.
            whole: Whether a last batch that isn't full is left out.
        """
        full, rest = divmod(int(order.shape[0]), batch_size)
        batches = tf.reshape(order[: full * batch_size], [full, batch_size])
        mine = tf.reshape(tf.gather(batches, self.columns(batch_size), axis=1), [-1])
        if whole or not rest:
            return mine
        return tf.concat([mine, tf.gather(order[full * batch_size :], self.columns(rest))], 0)

    def of_batches(self, batches: tf.data.Dataset, count: int, batch_size: int) -> tf.data.Dataset:
        """This host's rows of whole batches `(x, y)`, the last of which may have fewer examples."""
        full, last = self.columns(batch_size), self.columns(count % batch_size)

        def mine(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            columns = tf.cond(tf.shape(x)[0] == batch_size, lambda: full, lambda: last)
            return tf.gather(x, columns), tf.gather(y, columns)

        return batches.map(tf.autograph.experimental.do_not_convert(mine))

    def marked(
        self, batches: tf.data.Dataset, count: int, batch_size: int, steps: int, first_step: int = 0
    ) -> tf.data.Dataset:
        """Adds to each batch a mark: an empty array whose last axis is as long as the batch has real rows.

        A shape is what a compiled step is compiled for, so that it can leave out rows without any being computed.

        Args:
            batches: Batches `(x, y)` of one or more epochs.
            count: How many examples an epoch has.
            batch_size: How many of them make a batch.
            steps: Batches an epoch.
            first_step: The step of an epoch that the first of them is of.
        """
        last = min(count - (steps - 1) * batch_size, batch_size)

        def add(number: tf.Tensor, pair: tuple[tf.Tensor, tf.Tensor]) -> tuple[Any, ...]:
            rows = tf.where(number % steps == steps - 1, last, batch_size)  # int32, as shapes are
            return *pair, tf.zeros([tf.shape(pair[0])[0], 0, rows], tf.bool)

        return batches.enumerate(first_step).map(tf.autograph.experimental.do_not_convert(add))


def mark_of(data: Any) -> Any:
    """The mark of a batch `(x, y, mark)` as `Share.marked` yields it; None for any other batch."""
    mark = data[2] if isinstance(data, tuple) and len(data) == 3 else None
    return None if mark is None or len(mark.shape) != 3 or mark.shape[1] != 0 else mark


def real_rows(data: Any) -> Any:
    """A batch without the rows that only fill it up; as it is if it has no mark."""
    mark = mark_of(data)
    if mark is None:
        return data
    rows = mark.shape[2]
    return tuple(each if each.shape[0] == rows else each[:rows] for each in data[:2])
