"""From a split to batches, with tf.data.

Every training batch is a pure function of (seed, epoch, step): neither the number of threads, nor where a training
was resumed, nor any global seed changes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kzoo.augmentations.seeded import Seeded
from kzoo.data.share import Share
from kzoo.data.source import Split
from kzoo.problems import KzooError, Problem

_SHUFFLE_BUFFER = 10_000  # examples of a stream
_CACHED_BELOW = 1 << 30  # bytes; a stream that is bigger is read anew each epoch
_ORDER, _AUGMENT = 0, 1  # what a seed is used for

Epoch = Callable[[tf.Tensor], tf.data.Dataset]  # yields (epoch, step, what the batch is made of)
Order = Callable[[tf.Tensor], tf.Tensor]  # of an epoch: the indices of its examples
Fetch = Callable[..., tuple[tf.Tensor, tf.Tensor]]  # (x, y) from what a batch is made of


def steps_per_epoch(count: int, batch_size: int, drop_remainder: bool = False) -> int:
    """How many batches an epoch has.

    Raises:
        KzooError: If it has none.

    >>> steps_per_epoch(4000, 64), steps_per_epoch(4000, 64, drop_remainder=True)
    (63, 62)
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise KzooError(f"batch_size: expected a whole number from 1 up, got {batch_size!r}")
    steps = count // batch_size if drop_remainder else math.ceil(count / batch_size)
    if steps == 0:
        hint = f"Take a batch_size of {count} or less, or set drop_remainder to false." if count else ""
        what = f"{count:,} examples make no batch of {batch_size}" if count else "there are no examples"
        raise KzooError(Problem(what, hint=hint))
    return steps


def training_batches(
    split: Split,
    *,
    batch_size: int,
    seed: int,
    epochs: int,
    first_epoch: int = 0,
    first_step: int = 0,
    augment: Sequence[Any] = (),
    scale: float = 1.0,
    drop_remainder: bool = False,
    one_hot: int | None = None,
    shuffle: bool = True,
    share: Share | None = None,
) -> tf.data.Dataset:
    """The batches of all epochs, one after another: for `fit(steps_per_epoch=…)`.

    Args:
        split: The examples.
        batch_size: Examples in a batch.
        seed: Of order and augmentation.
        epochs: The epoch before which to stop, as in `fit`.
        first_epoch: The epoch to begin with. The batches are those that the uninterrupted pipeline has there.
        first_step: How many steps of that epoch to leave out.
        augment: Keras layers, applied to whole batches of inputs as they are stored, that is before they are scaled:
            uint8 pictures go from 0 to 255, as Keras's augmentations expect.
        scale: Inputs are multiplied by it.
        drop_remainder: Whether to leave out what doesn't fill a batch, so that all batches have one size.
        one_hot: The number of classes, to have labels as rows with a single 1; None leaves targets alone.
        shuffle: Whether each epoch has an order of its own. A stream is shuffled within a buffer of 10,000 examples.
        share: This host's part of each batch, where several devices train on one; batches then carry a mark.

    Returns:
        A dataset of `(x, y)`: x float32, of known cardinality, prefetched.

    Raises:
        KzooError: If there is no whole batch, or an augmentation doesn't fit the data.
    """
    steps = steps_per_epoch(split.count, batch_size, drop_remainder)
    whole = drop_remainder or split.count % batch_size == 0
    root = _root_seed(seed)
    layers = [Seeded(layer, scale) for layer in augment]

    def finish(epoch: tf.Tensor, step: tf.Tensor, *made_of: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = fetch(*made_of)
        y = y if one_hot is None else tf.one_hot(y, one_hot)
        batch_seed = _fold(root, _AUGMENT, epoch, step) if layers else root
        if layers and share is not None and share.hosts > 1:
            batch_seed = _fold(batch_seed, share.host)  # else all hosts would draw the same for their rows
        for index, layer in enumerate(layers):
            x, y = layer(x, y, _fold(batch_seed, index))
        return _scaled(x, scale), y

    with tf.device("CPU:0"):  # a GPU would get the whole dataset as a constant
        epoch_of, fetch = _feeder(split, batch_size, steps, root, shuffle, whole, share)
        numbers = tf.data.Dataset.range(first_epoch, epochs)
        batches = _map(numbers.flat_map(_as_is(epoch_of)).skip(first_step), finish)
        if share is not None:
            batches = share.marked(batches, split.count, batch_size, steps, first_step)
        count = max((epochs - first_epoch) * steps - first_step, 0)
        batches = batches.apply(tf.data.experimental.assert_cardinality(count))
        return batches.prefetch(tf.data.AUTOTUNE)


def evaluation_batches(
    split: Split,
    *,
    batch_size: int,
    scale: float = 1.0,
    one_hot: int | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """Every example once, in order, nothing left out.

    Args:
        split: The examples.
        batch_size: Examples in a batch; the last may have fewer.
        scale: Inputs are multiplied by it.
        one_hot: The number of classes, to have labels as rows with a single 1; None leaves targets alone.
        share: This host's part of each batch, where several devices measure one; batches then carry a mark.

    Returns:
        A dataset of `(x, y)`: x float32, of known cardinality, prefetched.

    Raises:
        KzooError: If there are no examples.
    """
    steps = steps_per_epoch(split.count, batch_size)

    def finish(*made_of: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = fetch(*made_of)
        return _scaled(x, scale), y if one_hot is None else tf.one_hot(y, one_hot)

    with tf.device("CPU:0"):
        if share is not None:
            # As the first epoch of a training that shuffles nothing.
            first = tf.constant(0, tf.int64)
            epoch_of, fetch = _feeder(split, batch_size, steps, _root_seed(0), False, False, share)
            own = _map(epoch_of(first), _as_is(lambda epoch, step, *made_of: finish(*made_of)))
            batches = share.marked(own, split.count, batch_size, steps)
        else:
            if split.arrays is not None:
                examples, fetch = tf.data.Dataset.range(split.count), _gather(split.arrays)
            else:
                examples, fetch = _read_once(split), _already
            batches = _map(examples.batch(batch_size), finish)
        batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
        return batches.prefetch(tf.data.AUTOTUNE)


# Where the examples of an epoch come from -----------------------------------------------------------------------


def _feeder(
    split: Split,
    batch_size: int,
    steps: int,
    root: tf.Tensor,
    shuffle: bool,
    whole: bool,
    share: Share | None,
) -> tuple[Epoch, Fetch]:
    """What yields an epoch's batches, and what makes (x, y) of one of them."""
    size = batch_size if share is None else share.rows(batch_size)

    def order_of(epoch: tf.Tensor) -> tf.Tensor:
        order = tf.range(split.count, dtype=tf.int64)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, _fold(root, _ORDER, epoch))
        return order if share is None else share.order(order, batch_size, whole)

    if split.arrays is not None:
        return _from_arrays(size, steps, order_of, whole), _gather(split.arrays)
    if split.files is not None:
        last = 0 if share is None or whole else share.rows(split.count % batch_size)
        return _from_files(split, size, order_of, whole, last if last > size else 0), _already
    return _from_stream(split, batch_size, root, shuffle, whole, share), _already


def _from_arrays(batch_size: int, steps: int, order_of: Order, whole: bool) -> Epoch:
    """Only indices go from step to step; whole batches are gathered from them, in parallel."""

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = order_of(epoch)

        def indices_of(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            begin = step * batch_size
            if whole:
                return epoch, step, tf.ensure_shape(order[begin : begin + batch_size], [batch_size])
            # The last one has the rest, which where batches are shared may be more than others have.
            return (
                epoch,
                step,
                order[begin : tf.where(step == steps - 1, tf.size(order, tf.int64), begin + batch_size)],
            )

        return tf.data.Dataset.range(steps).map(_as_is(indices_of))

    return epoch_of


def _from_files(split: Split, batch_size: int, order_of: Order, whole: bool, last: int = 0) -> Epoch:
    """Files are read in the shuffled order, example by example, in parallel.

    Args:
        last: How many examples the last batch has, where that is more than others have.
    """
    files = split.files
    assert files is not None
    paths, targets = tf.constant(files.paths), tf.constant(files.targets)

    def example_of(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return files.read(paths[index]), targets[index]

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = order_of(epoch)
        if not last:
            return _numbered(read(order).batch(batch_size, drop_remainder=whole), epoch)
        rest = read(order[-last:]).batch(last)
        return _numbered(read(order[:-last]).batch(batch_size).concatenate(rest), epoch)

    def read(order: tf.Tensor) -> tf.data.Dataset:
        return _map(tf.data.Dataset.from_tensor_slices(order), example_of)

    return epoch_of


def _from_stream(
    split: Split, batch_size: int, root: tf.Tensor, shuffle: bool, whole: bool, share: Share | None
) -> Epoch:
    examples = _read_once(split)
    buffer = min(split.count, _SHUFFLE_BUFFER)

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        shuffled = _shuffled(examples, buffer, _fold(root, _ORDER, epoch)) if shuffle else examples
        batches = shuffled.batch(batch_size, drop_remainder=whole)
        if share is not None:
            batches = share.of_batches(batches, split.count, batch_size)
        return _numbered(batches, epoch)

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


def _read_once(split: Split) -> tf.data.Dataset:
    """A stream's examples, kept in memory after the first epoch if they are small enough."""
    assert split.stream is not None
    examples = split.stream()
    specs = tf.nest.flatten(examples.element_spec)
    if not all(isinstance(spec, tf.TensorSpec) and spec.shape.is_fully_defined() for spec in specs):
        return examples
    size = split.count * sum(math.prod(spec.shape) * spec.dtype.size for spec in specs)
    return examples.cache() if size <= _CACHED_BELOW else examples


def _numbered(batches: tf.data.Dataset, epoch: tf.Tensor) -> tf.data.Dataset:
    return batches.enumerate().map(_as_is(lambda step, pair: (epoch, step, *pair)))


def _gather(arrays: tuple[np.ndarray, np.ndarray]) -> Fetch:
    x, y = (tf.constant(array) for array in arrays)
    return lambda indices: (tf.gather(x, indices), tf.gather(y, indices))


def _already(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return x, y


# Small steps ----------------------------------------------------------------------------------------------------


def _scaled(x: tf.Tensor, scale: float) -> tf.Tensor:
    x = tf.cast(x, tf.float32)
    return x if scale == 1 else x * scale


def _root_seed(seed: int) -> tf.Tensor:
    """Any Python integer as the two numbers that stateless random functions take."""
    return tf.constant(np.array([seed % 2**64], dtype=np.uint64).view(np.int32))


def _fold(seed: tf.Tensor, *numbers: Any) -> tf.Tensor:
    for number in numbers:
        seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(number, tf.int32))
    return seed


def _as_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """Tells TensorFlow not to translate the function's source: there is nothing in it to translate."""
    return tf.autograph.experimental.do_not_convert(function)


def _map(dataset: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
    return dataset.map(_as_is(function), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
