"""Which rows of each batch a host reads, where several devices or hosts train on one batch together.

A batch is filled up with repeated rows until every device gets as many as any other, cut into one block a host, and
marked with how many of its rows are real. The step then leaves the repeated rows out, so that nothing is counted twice.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Share:
    """A host's part of each batch.

    Args:
        devices: How many devices there are, on all hosts together; each host has as many as any other.
        hosts: How many hosts.
        host: Which of them this is, from 0.

    >>> share = Share(devices=4, hosts=2, host=1)
    >>> share.rows(10)  # filled up to 12
    6
    >>> share.order(tf.range(10), 10).numpy().tolist()
    [6, 7, 8, 9, 0, 1]
    """

    devices: int
    hosts: int = 1
    host: int = 0

    def rows(self, rows: int) -> int:
        """How many rows this host reads of a batch of `rows`."""
        return math.ceil(rows / self.devices) * self.devices // self.hosts

    def count(self, count: int, batch_size: int, whole: bool = False) -> int:
        """How many examples this host reads of an epoch of `count`; with `whole`, of whole batches only."""
        full, rest = divmod(count, batch_size)
        return full * self.rows(batch_size) + (0 if whole else self.rows(rest))

    def order(self, order: tf.Tensor, batch_size: int, whole: bool = False) -> tf.Tensor:
        """The examples that this host reads, one batch's after the other's.

        Args:
            order: The examples of an epoch, of known length.
            batch_size: How many of them make a batch.
            whole: Whether a last batch that isn't full is left out.
        """
        count = int(order.shape[0])
        full, rest = divmod(count, batch_size)
        block, last = self.rows(batch_size), self.rows(rest)
        number = tf.range(self.count(count, batch_size, whole))
        batch = tf.minimum(number // block, full)
        tail = batch == full
        column = number - batch * block + self.host * tf.where(tail, last, block)
        return tf.gather(order, batch * batch_size + column % tf.where(tail, max(rest, 1), batch_size))

    def of_batch(self, *batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """This host's rows of a whole batch."""
        rows = tf.shape(batch[0])[0]
        block = -(-rows // self.devices) * self.devices // self.hosts
        indices = (tf.range(block) + self.host * block) % rows
        return tuple(tf.gather(each, indices) for each in batch)

    def marked(self, batches: tf.data.Dataset, count: int, batch_size: int, steps: int) -> tf.data.Dataset:
        """Adds to each batch a mark: an empty array whose last axis is as long as the batch has real rows.

        A shape is what a compiled step is compiled for, so that it can leave out rows without any being computed.

        Args:
            batches: Batches `(x, y)` of one or more epochs.
            count: How many examples an epoch has.
            batch_size: How many of them make a batch.
            steps: Batches an epoch.
        """
        last = min(count - (steps - 1) * batch_size, batch_size)

        def add(number: tf.Tensor, pair: tuple[tf.Tensor, tf.Tensor]) -> tuple[Any, ...]:
            rows = tf.where(number % steps == steps - 1, last, batch_size)  # int32, as shapes are
            return *pair, tf.zeros([tf.shape(pair[0])[0], 0, rows], tf.bool)

        return batches.enumerate().map(tf.autograph.experimental.do_not_convert(add))


def real_rows(data: Any) -> Any:
    """A batch without the rows that only fill it up; as it is if it has no mark.

    Args:
        data: `(x, y)`, or `(x, y, mark)` as `Share.marked` yields it.
    """
    mark = data[2] if isinstance(data, tuple) and len(data) == 3 else None
    if mark is None or len(mark.shape) != 3 or mark.shape[1] != 0:
        return data
    rows = mark.shape[2]
    return tuple(each if each.shape[0] == rows else each[:rows] for each in data[:2])
