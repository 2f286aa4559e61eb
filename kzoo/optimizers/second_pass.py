"""A train step that asks for a second gradient, at the weights where the optimizer went with the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import tree

Step = Callable[..., Any]


def with_second_pass(model: keras.Model, step: Step) -> Step:
    """Keras's train step, and after it another gradient of the same batch, which the optimizer gets too.

    Losses, metrics and the statistics of normalizations are those of the first pass; the second draws the same
    dropout.

    Args:
        model: A compiled model.
        step: Its train step.
    """
    made = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
    return made[keras.backend.backend()](model, step)


def _on_tensorflow(model: keras.Model, step: Step) -> Step:
    import tensorflow as tf

    def two_passes(data: Any) -> Any:
        restore_before = restoring(model, tf.identity)
        logs = step(data)
        restore_after = restoring(model, tf.identity)
        restore_before()
        with tf.GradientTape() as tape:
            loss = model.optimizer.scale_loss(training_loss(model, data))
        weights = model.trainable_weights
        gradients = tape.gradient(loss, weights)
        restore_after()
        model.optimizer.apply(gradients, weights)
        return logs

    return two_passes


def _on_torch(model: keras.Model, step: Step) -> Step:
    import torch

    def two_passes(data: Any) -> Any:
        restore_before = restoring(model, torch.clone)
        logs = step(data)
        restore_after = restoring(model, torch.clone)
        restore_before()
        model.zero_grad()
        model.optimizer.scale_loss(training_loss(model, data)).backward()
        weights = model.trainable_weights
        restore_after()
        with torch.no_grad():
            model.optimizer.apply([each.value.grad for each in weights], weights)
        return logs

    return two_passes


def _on_jax(model: keras.Model, step: Step) -> Step:
    import jax

    def two_passes(state: Any, data: Any) -> Any:
        before = state[1]
        logs, (weights, others, slots, metrics) = step(state, data)
        batch = keras.utils.unpack_x_y_sample_weight(data)
        gradients, _ = jax.grad(model.compute_loss_and_updates, has_aux=True)(
            weights, before, metrics, *batch, training=True, optimizer_variables=slots
        )
        weights, slots = model.optimizer.stateless_apply(slots, gradients, weights)
        return logs, (weights, others, slots, metrics)

    return two_passes


def training_loss(model: keras.Model, data: Any) -> Any:
    """The loss that training minimizes, regularization and all; no metric counts it."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    y_pred = model(x, training=True)
    return model._compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)


def restoring(model: keras.Model, copy: Callable[[Any], Any]) -> Callable[[], None]:
    """Remembers all that isn't trained: statistics, random states, metrics. Returns what puts it back."""
    variables = tree.flatten([model.non_trainable_variables, model.metrics_variables])
    values = [copy(each.value) for each in variables]

    def restore() -> None:
        for variable, value in zip(variables, values):
            variable.assign(value)

    return restore
