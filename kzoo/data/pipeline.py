"""From a split to batches, with tf.data.

Every training batch is a pure function of (seed, epoch, step): neither the number of threads, nor where a training
was resumed, nor any global seed changes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from kzoo.augmentations.seeded import Seeded
from kzoo.data.crops import cuts_from_files
from kzoo.data.epochs import Epoch, already, as_is, feeder, gather, mapped, read_many, read_once
from kzoo.data.seeds import AUGMENT, fold, root_seed
from kzoo.data.service import from_service
from kzoo.data.share import Share
from kzoo.data.source import Split
from kzoo.problems import KzooError, Problem


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
    service: str | None = None,
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
        service: Address of a tf.data service whose workers make the batches. Each is what it is without; with several
            workers those of an epoch come in another order.

    Returns:
        A dataset of `(x, y)`: x float32, of known cardinality, prefetched.

    Raises:
        KzooError: If there is no whole batch, or an augmentation doesn't fit the data.
    """
    steps = steps_per_epoch(split.count, batch_size, drop_remainder)
    whole = drop_remainder or split.count % batch_size == 0
    root = root_seed(seed)
    layers = [Seeded(layer, scale) for layer in augment]
    cut = int(cuts_from_files(split, augment))  # the first augmentation takes place while reading

    def seed_of(epoch: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        folded = fold(root, AUGMENT, epoch, step)
        # Else all hosts would draw the same for their rows.
        return folded if share is None or share.hosts == 1 else fold(folded, share.host)

    def prepared(epoch: tf.Tensor, step: tf.Tensor, *made_of: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = fetch(*made_of)
        y = y if one_hot is None else tf.one_hot(y, one_hot)
        batch_seed = seed_of(epoch, step) if layers else root
        for index, layer in enumerate(layers[cut:], cut):
            x, y = layer(x, y, fold(batch_seed, index))
        return x, y

    def finish(epoch: tf.Tensor, step: tf.Tensor, *made_of: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = prepared(epoch, step, *made_of)
        return _scaled(x, scale), y

    with tf.device("CPU:0"):  # a GPU would get the whole dataset as a constant
        epoch_of, fetch = feeder(
            split,
            batch_size,
            steps,
            root,
            shuffle=shuffle,
            whole=whole,
            share=share,
            cut=augment[:cut],
            seed_of=seed_of,
        )
        if service is not None and first_epoch < epochs:
            once = tf.function(prepared, autograph=False)  # traced once, not for every epoch
            there = partial(_epoch_for_service, split, epoch_of, once)
            made = from_service(service, there, first_epoch, epochs).skip(first_step)
            batches = mapped(made, lambda x, y: (_scaled(x, scale), y))
        else:
            numbers = tf.data.Dataset.range(first_epoch, epochs)
            batches = mapped(numbers.flat_map(as_is(epoch_of)).skip(first_step), finish)
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
            epoch_of, fetch = feeder(
                split, batch_size, steps, root_seed(0), shuffle=False, whole=False, share=share
            )
            own = mapped(epoch_of(first), as_is(lambda epoch, step, *made_of: finish(*made_of)))
            batches = share.marked(own, split.count, batch_size, steps)
        else:
            if split.arrays is not None:
                examples, fetch = tf.data.Dataset.range(split.count), gather(split.arrays)
            elif split.files is not None and split.files.read_many is not None:
                examples, fetch = tf.data.Dataset.range(split.count), read_many(split)
            else:
                examples, fetch = read_once(split), already
            batches = mapped(examples.batch(batch_size), finish)
        batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
        return batches.prefetch(tf.data.AUTOTUNE)


def _epoch_for_service(
    split: Split, epoch_of: Epoch, prepared: Callable[..., Any], epoch: int
) -> tf.data.Dataset:
    if split.arrays is None and split.files is None:
        hint = "Leave data.service out; image_folder and data in memory can be prepared elsewhere."
        raise KzooError(
            Problem("service: this data is a stream, which can't be shared among workers", hint=hint)
        )
    with tf.device("CPU:0"):
        return mapped(epoch_of(tf.constant(epoch, tf.int64)), prepared)


def _scaled(x: tf.Tensor, scale: float) -> tf.Tensor:
    x = tf.cast(x, tf.float32)
    return x if scale == 1 else x * scale
