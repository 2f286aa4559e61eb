"""From a split to batches, with tf.data.

Every training batch is a pure function of (seed, epoch, step): neither the number of threads, nor where a training
was resumed, nor any global seed changes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from kzoo.augmentations.seeded import Seeded
from kzoo.data.crops import cuts_from_files, random_crops
from kzoo.data.service import from_service
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
    augment: Sequence[Any] = (),
    scale: float = 1.0,
    drop_remainder: bool = False,
    one_hot: int | None = None,
    shuffle: bool = True,
    service: str | None = None,
) -> tf.data.Dataset:
    """The batches of all epochs, one after another: for `fit(steps_per_epoch=…)`.

    Args:
        split: The examples.
        batch_size: Examples in a batch.
        seed: Of order and augmentation.
        epochs: The epoch before which to stop, as in `fit`.
        first_epoch: The epoch to begin with. The batches are those that the uninterrupted pipeline has there.
        augment: Keras layers, applied to whole batches of inputs as they are stored, that is before they are scaled:
            uint8 pictures go from 0 to 255, as Keras's augmentations expect.
        scale: Inputs are multiplied by it.
        drop_remainder: Whether to leave out what doesn't fill a batch, so that all batches have one size.
        one_hot: The number of classes, to have labels as rows with a single 1; None leaves targets alone.
        shuffle: Whether each epoch has an order of its own. A stream is shuffled within a buffer of 10,000 examples.
        service: Address of a tf.data service whose workers make the batches. Each is what it is without; with several
            workers those of an epoch come in another order.

    Returns:
        A dataset of `(x, y)`: x float32, of known cardinality, prefetched.

    Raises:
        KzooError: If there is no whole batch, or an augmentation doesn't fit the data.
    """
    steps = steps_per_epoch(split.count, batch_size, drop_remainder)
    whole = drop_remainder or split.count % batch_size == 0
    root = _root_seed(seed)
    layers = [Seeded(layer, scale) for layer in augment]
    cut = int(cuts_from_files(split, augment))  # the first augmentation takes place while reading

    def finish(epoch: tf.Tensor, step: tf.Tensor, *made_of: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = prepared(epoch, step, *made_of)
        return _scaled(x, scale), y

    def prepared(epoch: tf.Tensor, step: tf.Tensor, *made_of: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = fetch(*made_of)
        y = y if one_hot is None else tf.one_hot(y, one_hot)
        batch_seed = _fold(root, _AUGMENT, epoch, step) if layers else root
        for index, layer in enumerate(layers[cut:], cut):
            x, y = layer(x, y, _fold(batch_seed, index))
        return x, y

    with tf.device("CPU:0"):  # a GPU would get the whole dataset as a constant
        epoch_of, fetch = _feeder(split, batch_size, steps, root, shuffle, whole, augment[:cut])
        if service is not None and first_epoch < epochs:
            once = tf.function(prepared, autograph=False)  # traced once, not for every epoch
            there = partial(_epoch_for_service, split, epoch_of, once)
            batches = _map(
                from_service(service, there, first_epoch, epochs), lambda x, y: (_scaled(x, scale), y)
            )
        else:
            numbers = tf.data.Dataset.range(first_epoch, epochs)
            batches = _map(numbers.flat_map(_as_is(epoch_of)), finish)
        batches = batches.apply(tf.data.experimental.assert_cardinality(max(epochs - first_epoch, 0) * steps))
        return batches.prefetch(tf.data.AUTOTUNE)


def evaluation_batches(
    split: Split, *, batch_size: int, scale: float = 1.0, one_hot: int | None = None
) -> tf.data.Dataset:
    """Every example once, in order, nothing left out.

    Args:
        split: The examples.
        batch_size: Examples in a batch; the last may have fewer.
        scale: Inputs are multiplied by it.
        one_hot: The number of classes, to have labels as rows with a single 1; None leaves targets alone.

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
        if split.arrays is not None:
            examples, fetch = tf.data.Dataset.range(split.count), _gather(split.arrays)
        elif split.files is not None and split.files.read_many is not None:
            examples, fetch = tf.data.Dataset.range(split.count), _read_many(split)
        else:
            examples, fetch = _read_once(split), _already
        batches = _map(examples.batch(batch_size), finish)
        batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
        return batches.prefetch(tf.data.AUTOTUNE)


# Where the examples of an epoch come from -----------------------------------------------------------------------


def _feeder(
    split: Split, batch_size: int, steps: int, root: tf.Tensor, shuffle: bool, whole: bool, cut: Sequence[Any]
) -> tuple[Epoch, Fetch]:
    """What yields an epoch's batches, and what makes (x, y) of one; `cut`: the augmentation that happens in reading."""

    def order_of(epoch: tf.Tensor) -> tf.Tensor:
        order = tf.range(split.count, dtype=tf.int64)
        if not shuffle:
            return order
        return tf.random.experimental.stateless_shuffle(order, _fold(root, _ORDER, epoch))

    indices_of = _indices(split.count, batch_size, whole)
    if split.arrays is not None:
        return _by_index(order_of, indices_of, steps), _gather(split.arrays)
    if split.files is not None and split.files.read_many is not None:
        return _by_index(order_of, indices_of, steps), _read_many(split)
    if split.files is not None:
        return _from_files(split, batch_size, order_of, indices_of, steps, root, whole, cut), _already
    return _from_stream(split, batch_size, root, shuffle, whole), _already


def _indices(count: int, batch_size: int, whole: bool) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """What gives the examples of a step of an epoch's order."""

    def indices_of(order: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        begin = step * batch_size
        indices = order[begin : tf.minimum(begin + batch_size, count)]
        return tf.ensure_shape(indices, [batch_size]) if whole else indices

    return indices_of


def _by_index(order_of: Order, indices_of: Callable[..., tf.Tensor], steps: int) -> Epoch:
    """Only indices go from step to step; whole batches are gathered by them, in parallel."""

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = order_of(epoch)
        return tf.data.Dataset.range(steps).map(_as_is(lambda step: (epoch, step, indices_of(order, step))))

    return epoch_of


def _from_files(
    split: Split,
    batch_size: int,
    order_of: Order,
    indices_of: Callable[..., tf.Tensor],
    steps: int,
    root: tf.Tensor,
    whole: bool,
    cut: Sequence[Any],
) -> Epoch:
    """Files are read in the shuffled order, example by example, in parallel."""
    files = split.files
    assert files is not None
    paths, targets = tf.constant(files.paths), tf.constant(files.targets)
    draw, read_window = random_crops(files, cut[0], _input_shape(split)) if cut else (None, None)

    def examples_of(epoch: tf.Tensor, order: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        indices = indices_of(order, step)
        steps_of = tf.fill(tf.shape(indices), step)
        return (
            (steps_of, indices)
            if draw is None
            else (steps_of, indices, draw(indices, _fold(root, _AUGMENT, epoch, step, 0)))
        )

    def example_of(step: tf.Tensor, index: tf.Tensor, *window: tf.Tensor) -> tuple[tf.Tensor, ...]:
        read = read_window if window else files.read
        return step, read(paths[index], *window), targets[index]

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        order = order_of(epoch)
        numbers = tf.data.Dataset.range(steps).map(_as_is(lambda step: examples_of(epoch, order, step)))
        batches = _map(numbers.unbatch(), example_of).batch(batch_size, drop_remainder=whole)
        return batches.map(_as_is(lambda step, x, y: (epoch, step[0], x, y)))

    return epoch_of


def _epoch_for_service(
    split: Split, epoch_of: Epoch, prepared: Callable[..., Any], epoch: int
) -> tf.data.Dataset:
    if split.arrays is None and split.files is None:
        hint = "Leave data.service out; image_folder and data in memory can be prepared elsewhere."
        raise KzooError(
            Problem("service: this data is a stream, which can't be shared among workers", hint=hint)
        )
    with tf.device("CPU:0"):
        return _map(epoch_of(tf.constant(epoch, tf.int64)), prepared)


def _input_shape(split: Split) -> tuple[int, ...]:
    assert split.stream is not None
    return tuple(split.stream().element_spec[0].shape)


def _read_many(split: Split) -> Fetch:
    files = split.files
    assert files is not None
    paths, targets = tf.constant(files.paths), tf.constant(files.targets)
    return lambda indices: (files.read_many(tf.gather(paths, indices)), tf.gather(targets, indices))


def _from_stream(split: Split, batch_size: int, root: tf.Tensor, shuffle: bool, whole: bool) -> Epoch:
    examples = _read_once(split)
    buffer = min(split.count, _SHUFFLE_BUFFER)

    def epoch_of(epoch: tf.Tensor) -> tf.data.Dataset:
        shuffled = _shuffled(examples, buffer, _fold(root, _ORDER, epoch)) if shuffle else examples
        return _numbered(shuffled.batch(batch_size, drop_remainder=whole), epoch)

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
    if split.files is not None or split.cache != "auto":
        return examples.cache() if split.cache == "memory" and split.files is None else examples
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
