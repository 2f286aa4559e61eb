"""Where the examples of an epoch come from: arrays, files or a stream, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kzoo.data.crops import random_crops
from kzoo.data.seeds import ORDER, fold
from kzoo.data.share import Share
from kzoo.data.source import Split

_SHUFFLE_BUFFER = 10_000  # examples of a stream
_CACHED_BELOW = 1 << 30  # bytes; a stream that is bigger is read anew each epoch

Epoch = Callable[[tf.Tensor], tf.data.Dataset]  # yields (epoch, step, what the batch is made of)
Order = Callable[[tf.Tensor], tf.Tensor]  # of an epoch: the indices of its examples
Indices = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # of an epoch's order and a step: those of its batch
Fetch = Callable[..., tuple[tf.Tensor, tf.Tensor]]  # (x, y) from what a batch is made of
SeedOf = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # of an epoch and a step: what its batch draws from


def feeder(
    split: Split,
    batch_size: int,
    steps: int,
    root: tf.Tensor,
    *,
    shuffle: bool,
    whole: bool,
    share: Share | None = None,
    cut: Sequence[Any] = (),
    seed_of: SeedOf | None = None,
) -> tuple[Epoch, Fetch]:
    """What yields an epoch's batches, and what makes (x, y) of one of them.

    Args:
        split: The examples.
        batch_size: Examples in a batch.
        steps: Batches an epoch.
        root: The seed of their order.
        shuffle: Whether each epoch has an order of its own.
        whole: Whether all batches have one size.
        share: This host's part of each batch.
        cut: The augmentation that takes place while files are read, if there is one.
        seed_of: What that draws from.
    """
    size = batch_size if share is None else share.rows(batch_size)

    def order_of(epoch: tf.Tensor) -> tf.Tensor:
        order = tf.range(split.count, dtype=tf.int64)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, fold(root, ORDER, epoch))
        return order if share is None else share.order(order, batch_size, whole)

    indices_of = _indices(size, steps, whole)
    if split.arrays is not None:
        return _by_index(order_of, indices_of, steps), gather(split.arrays)
    if split.files is not None and split.files.read_many is not None:
        return _by_index(order_of, indices_of, steps), read_many(split)
    if split.files is not None:
        draw = None if not cut or seed_of is None else (cut[0], seed_of)
        rest = 0 if share is None or whole else share.rows(split.count % batch_size)
        return _from_files(split, size, order_of, indices_of, steps, whole, draw, rest), already
    return _from_stream(split, batch_size, root, shuffle, whole, share), already


def _indices(size: int, steps: int, whole: bool) -> Indices:
    """What gives the examples of a step of an epoch's order."""

    def indices_of(order: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        begin = step * size
        if whole:
            return tf.ensure_shape(order[begin : begin + size], [size])
        # The last one has the rest, which where batches are shared may be more than others have.
        return order[begin : tf.where(step == steps - 1, tf.size(order, tf.int64), begin + size)]

    return indices_of


def _by_index(order_of: Order, indices_of: Indices, steps: int) -> Epoch:
    """Only indices go from step to step; whole batches are gathered by them, in parallel."""

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = order_of(epoch)
        return tf.data.Dataset.range(steps).map(as_is(lambda step: (epoch, step, indices_of(order, step))))

    return epoch_of


def _from_files(
    split: Split,
    size: int,
    order_of: Order,
    indices_of: Indices,
    steps: int,
    whole: bool,
    cut: tuple[Any, SeedOf] | None,
    rest: int,
) -> Epoch:
    """Files are read in the shuffled order, example by example, in parallel.

    Args:
        cut: The augmentation that cuts windows from the files, and what it draws from.
        rest: How many examples the last batch has, where that may be more than others have.
    """
    files = split.files
    assert files is not None
    paths, targets = tf.constant(files.paths), tf.constant(files.targets)
    draw, read_window = random_crops(files, cut[0], _input_shape(split)) if cut else (None, None)

    def examples_of(epoch: tf.Tensor, order: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        indices = indices_of(order, step)
        steps_of = tf.fill(tf.shape(indices), step)
        if draw is None or cut is None:
            return steps_of, indices
        return steps_of, indices, draw(indices, fold(cut[1](epoch, step), 0))

    def example_of(step: tf.Tensor, index: tf.Tensor, *window: tf.Tensor) -> tuple[tf.Tensor, ...]:
        read = read_window if window else files.read
        return step, read(paths[index], *window), targets[index]

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = order_of(epoch)

        def batches(first: int, last: int, size: int) -> tf.data.Dataset:
            numbers = tf.data.Dataset.range(first, last).map(
                as_is(lambda step: examples_of(epoch, order, step))
            )
            return mapped(numbers.unbatch(), example_of).batch(size, drop_remainder=whole)

        if rest > size:
            all_batches = batches(0, steps - 1, size).concatenate(batches(steps - 1, steps, rest))
        else:
            all_batches = batches(0, steps, size)
        return all_batches.map(as_is(lambda step, x, y: (epoch, step[0], x, y)))

    return epoch_of


def _input_shape(split: Split) -> tuple[int, ...]:
    assert split.stream is not None
    return tuple(split.stream().element_spec[0].shape)


def _from_stream(
    split: Split, batch_size: int, root: tf.Tensor, shuffle: bool, whole: bool, share: Share | None
) -> Epoch:
    examples = read_once(split)
    buffer = min(split.count, _SHUFFLE_BUFFER)

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        shuffled = _shuffled(examples, buffer, fold(root, ORDER, epoch)) if shuffle else examples
        batches = shuffled.batch(batch_size, drop_remainder=whole)
        if share is not None:
            batches = share.of_batches(batches, split.count, batch_size)
        return batches.enumerate().map(as_is(lambda step, pair: (epoch, step, *pair)))

    return epoch_of


def _shuffled(examples: tf.data.Dataset, buffer: int, seed: tf.Tensor) -> tf.data.Dataset:
    """`examples.shuffle(buffer)` that takes its order from `seed`.

    `Dataset.shuffle` itself keeps its random state in a resource that the epochs share: inside `flat_map` each epoch
    has the order of the first, whatever seed it is given.
    """
    specs = tf.nest.flatten(examples.element_spec)
    variant = tf.raw_ops.ShuffleDataset(
        input_dataset=tf.data.experimental.to_variant(examples),
        buffer_size=buffer,
        seed=tf.cast(seed[0], tf.int64),
        seed2=tf.cast(seed[1], tf.int64),
        reshuffle_each_iteration=False,
        output_types=[spec.dtype for spec in specs],
        output_shapes=[spec.shape for spec in specs],
    )
    return tf.data.experimental.from_variant(variant, examples.element_spec)


def read_once(split: Split) -> tf.data.Dataset:
    """A stream's examples, kept in memory after the first epoch if they are small enough."""
    assert split.stream is not None
    examples = split.stream()
    if split.files is not None or split.cache != "auto":
        return examples.cache() if split.cache == "memory" and split.files is None else examples
    specs = tf.nest.flatten(examples.element_spec)
    if not all(isinstance(spec, tf.TensorSpec) and spec.shape.is_fully_defined() for spec in specs):
        return examples
    size = split.count * sum(math.prod(spec.shape) * spec.dtype.size for spec in specs)
    return examples.cache() if size <= _CACHED_BELOW else examples


def read_many(split: Split) -> Fetch:
    """Makes batches of files that are read many at a time."""
    files = split.files
    assert files is not None
    paths, targets = tf.constant(files.paths), tf.constant(files.targets)
    return lambda indices: (files.read_many(tf.gather(paths, indices)), tf.gather(targets, indices))


def gather(arrays: tuple[np.ndarray, np.ndarray]) -> Fetch:
    """Makes batches of arrays in memory."""
    x, y = (tf.constant(array) for array in arrays)
    return lambda indices: (tf.gather(x, indices), tf.gather(y, indices))


def already(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A batch that is made."""
    return x, y


def as_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """Tells TensorFlow not to translate the function's source: there is nothing in it to translate."""
    return tf.autograph.experimental.do_not_convert(function)


def mapped(dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
    """Each element through a function, in parallel, in order."""
    return dataset.map(as_is(function), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
