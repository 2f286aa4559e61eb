"""A model under `tf.distribute.MirroredStrategy` that computes what it computes on one device.

By itself it doesn't: a batch that isn't divided evenly gives every replica's mean the same weight, however few examples
it is of; convolutions fail on a replica that got none; batch normalization knows its own replica's examples only; and
gradients are clipped before those of all replicas are added up.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import tree

from kzoo.data.share import mark_of
from kzoo.optimizers.gradients import dense_gradients
from kzoo.problems import KzooError, Problem


def mirrored_strategy() -> tuple[tuple[str, ...], Any]:
    """All GPUs of this host, or without any all its logical CPUs, and a strategy over them."""
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = tuple(f"{each.device_type}:{each.name.rpartition(':')[2]}" for each in devices)
    return names, _strategy(names)


@functools.cache
def _strategy(names: tuple[str, ...]) -> Any:
    """One for all trainings of this process: a second one would number its messages from the beginning again."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(list(names))


def adapt_to_replicas(model: keras.Model, replicas: int, fewest: int) -> None:
    """Has a compiled model compute the same on several replicas as on one, from batches as `Share` marks them.

    Args:
        model: It was built and compiled under the strategy.
        replicas: How many there are.
        fewest: The rows of the smallest batch there will be.

    Raises:
        KzooError: If the optimizer can't be had on several replicas.
    """
    _build_from_any_batch(model)
    _leave_out_repeated_rows(model, once=fewest < replicas)
    if replicas == 1:
        return
    optimizers = list(_optimizers_in(model.optimizer))
    normalized = [
        each for each in model._flatten_layers(include_self=False) if getattr(each, "synchronized", None) is False
    ]
    _check(optimizers, bool(normalized))
    for layer in normalized:
        _synchronize(layer)
    for optimizer in optimizers:
        _clip_sums(optimizer, replicas)


def _check(optimizers: list[Any], normalized: bool) -> None:
    """Refuses what would have replicas meet inside of a condition, where they can't."""
    hint = "data_parallel on the backend jax does that."
    for each in optimizers:
        settings = each.optimizer if hasattr(each, "groups") else each
        if settings.gradient_accumulation_steps:
            raise KzooError(Problem("gradients can't be accumulated under distribute: mirrored", hint=hint))
        if hasattr(each, "observe") and normalized:
            what = f"{type(each).__name__} can't measure a model with batch normalization under distribute: mirrored"
            raise KzooError(Problem(what, hint=hint))


def _build_from_any_batch(model: keras.Model) -> None:
    """Has `fit` and `evaluate` see the shapes of a batch in one replica's part, without its mark."""
    strategy = model.distribute_strategy

    def maybe_symbolic_build(iterator: Any = None, data_batch: Any = None) -> None:
        for _, _, batches in iterator or ():
            data_batch = tree.map_structure(_of_first_replica, next(batches))
            break
        with strategy.scope():
            model._symbolic_build(data_batch=data_batch if mark_of(data_batch) is None else data_batch[:2])

    def _of_first_replica(value: Any) -> Any:
        return strategy.experimental_local_results(value)[0]

    model._maybe_symbolic_build = maybe_symbolic_build


def _synchronize(layer: Any) -> None:
    """Has batch normalization take its mean and variance over all replicas.

    What is saved doesn't say so: other backends refuse to read that.
    """
    written = layer.get_config
    layer.synchronized = True
    layer.get_config = lambda: {**written(), "synchronized": False}


# Rows ------------------------------------------------------------------------------------------------------------


def _leave_out_repeated_rows(model: keras.Model, once: bool) -> None:
    """Wraps the steps: each replica computes its real rows, and its loss weighs as much as they are of the batch.

    Keras divides a replica's mean by the number of replicas, and their gradients are added. Times `replicas · own rows /
    all rows` that is the gradient of the mean over the whole batch. The optimizer scales a loss after Keras has counted
    it and before its gradient is taken, in each pass of those that need several.

    Args:
        model: The model.
        once: Whether there are batches with fewer rows than replicas. Each replica then has all of them, and only the
            first one counts them.
    """
    import tensorflow as tf

    here = threading.local()  # replicas are threads
    train, test, scale = model.train_step, model.test_step, model.optimizer.scale_loss
    sums = any(getattr(each, "reduction", None) == "sum" for each in tree.flatten(model.loss))

    def own(data: Any) -> tuple[Any, Any, Any]:
        """A replica's rows, their weight, and whether it counts them."""
        mark = mark_of(data)
        if mark is None:
            return data, 1.0, True
        context = tf.distribute.get_replica_context()
        number, replicas = context.replica_id_in_sync_group, context.num_replicas_in_sync
        rows = tf.shape(mark)[2]
        repeated = rows < replicas
        mine = tf.where(repeated, rows, rows // replicas + tf.cast(number < rows % replicas, tf.int32))
        weight = tf.where(repeated, 1.0, tf.cast(mine * replicas, tf.float32) / tf.cast(rows, tf.float32))
        return tuple(each[:mine] for each in data[:2]), weight, tf.logical_or(~repeated, number == 0)

    def counting(step: Callable[[Any], Any], data: Any, counts: Any) -> Any:
        if not once or counts is True:
            return step(data)
        variables = model.metrics_variables
        before = [tf.identity(each.value) for each in variables]
        logs = step(data)
        for variable, value in zip(variables, before):
            variable.assign(tf.where(counts, variable.value, value))
        return logs

    def train_step(data: Any) -> Any:
        data, here.weight, counts = own(data)
        return counting(train, data, counts)

    def test_step(data: Any) -> Any:
        data, _, counts = own(data)
        return counting(test, data, counts)

    def scale_loss(loss: Any) -> Any:
        return scale(loss if sums else loss * tf.cast(here.weight, loss.dtype))

    model.train_step, model.test_step = train_step, test_step
    model.optimizer.scale_loss = scale_loss


# Clipping --------------------------------------------------------------------------------------------------------


def _optimizers_in(optimizer: Any) -> Iterator[Any]:
    """An optimizer and those inside it that get gradients."""
    yield optimizer
    for name in ("inner_optimizer", "optimizer"):
        inner = getattr(optimizer, name, None)
        if isinstance(inner, keras.optimizers.Optimizer) and not hasattr(optimizer, "groups"):
            yield from _optimizers_in(inner)


def _clip_sums(optimizer: Any, replicas: int) -> None:
    """Has an optimizer clip the sum of all replicas' gradients, of which each replica then has its part.

    What is clipped already stays as it is when it is clipped again: a part is smaller than the whole.
    """
    import tensorflow as tf

    def parts(clip: Callable[[Any], Any], gradients: Any) -> Any:
        context = tf.distribute.get_replica_context()
        if context is None:
            return clip(gradients)
        there = dense_gradients([each for each in gradients if each is not None])
        clipped = iter(clip(context.all_reduce(tf.distribute.ReduceOp.SUM, there)))
        return [None if each is None else next(clipped) / replicas for each in gradients]

    grouped = hasattr(optimizer, "groups")
    settings = optimizer.optimizer if grouped else optimizer
    if not any(getattr(settings, name, None) for name in ("clipnorm", "clipvalue", "global_clipnorm")):
        return
    clip = settings._clip_gradients
    if not grouped:
        optimizer._clip_gradients = lambda grads: parts(clip, grads)
        return
    apply = optimizer.apply  # its copies of the optimizer, of which each gets some, are not made yet

    def apply_clipped(grads: Any, trainable_variables: Any = None) -> None:
        apply(parts(clip, grads), trainable_variables)

    optimizer.apply = apply_clipped
