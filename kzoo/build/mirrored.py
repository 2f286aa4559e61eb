"""A model under `tf.distribute.MirroredStrategy` that computes what it computes on one device.

By itself it doesn't: a batch that isn't divided evenly gives every replica's mean the same weight, however few examples
it is of, and fails if it is the first one; and batch normalization knows its own replica's examples only.
"""

from __future__ import annotations

import threading
from typing import Any

import keras
from keras import tree


def mirrored_strategy() -> tuple[tuple[str, ...], Any]:
    """All GPUs of this host, or without any all its logical CPUs, and a strategy over them."""
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = tuple(f"{each.device_type}:{each.name.rpartition(':')[2]}" for each in devices)
    return names, tf.distribute.MirroredStrategy(list(names))


def adapt_to_replicas(model: keras.Model, replicas: int) -> None:
    """Has a compiled model compute the same on several replicas as on one.

    Args:
        model: It was built and compiled under the strategy.
        replicas: How many there are.
    """
    _build_from_any_batch(model)
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "synchronized", None) is False:
            _synchronize(layer)
    if replicas > 1 and not _sums(model.loss):
        _weigh_by_examples(model)


def _build_from_any_batch(model: keras.Model) -> None:
    """Has `fit` and `evaluate` see the shapes of a batch in one replica's part; Keras adds up those of all."""
    strategy = model.distribute_strategy

    def maybe_symbolic_build(iterator: Any = None, data_batch: Any = None) -> None:
        for _, _, batches in iterator or ():
            data_batch = tree.map_structure(_of_first_replica, next(batches))
            break
        with strategy.scope():
            model._symbolic_build(data_batch=data_batch)

    def _of_first_replica(value: Any) -> Any:
        return strategy.experimental_local_results(value)[0]

    model._maybe_symbolic_build = maybe_symbolic_build


def _sums(loss: Any) -> bool:
    """Whether a loss adds up examples, in which case replicas may be added up as they are."""
    return any(getattr(each, "reduction", None) == "sum" for each in tree.flatten(loss))


def _synchronize(layer: Any) -> None:
    """Has batch normalization take its mean and variance over all replicas.

    What is saved doesn't say so: other backends refuse to read that.
    """
    written = layer.get_config
    layer.synchronized = True
    layer.get_config = lambda: {**written(), "synchronized": False}


def _weigh_by_examples(model: keras.Model) -> None:
    """Weighs each replica's loss by its share of the batch's examples.

    Keras divides a replica's mean by the number of replicas, and their gradients are added. Times `replicas · own
    examples / all examples` that is the gradient of the mean over the whole batch. The optimizer scales a loss after
    Keras has counted it and before its gradient is taken, in each pass of those that need several.
    """
    import tensorflow as tf

    here = threading.local()  # replicas are threads
    step, scale = model.train_step, model.optimizer.scale_loss

    def train_step(data: Any) -> Any:
        own = tf.cast(tf.shape(tree.flatten(data)[0])[0], tf.float32)
        context = tf.distribute.get_replica_context()
        every = context.all_reduce(tf.distribute.ReduceOp.SUM, own)
        here.weight = own * context.num_replicas_in_sync / every
        return step(data)

    def scale_loss(loss: Any) -> Any:
        return scale(loss * tf.cast(here.weight, loss.dtype))

    model.train_step = train_step
    model.optimizer.scale_loss = scale_loss
