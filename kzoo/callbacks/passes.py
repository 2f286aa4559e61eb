"""Runs a model forward, noting what its layers do, and backward, for the gradients: on each backend in its own way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import keras
import numpy as np
from keras import tree

from kzoo.callbacks.recording import Note, recording
from kzoo.optimizers.gradients import dense_gradients

Noted = dict[Any, list[Any]]
Made = Callable[[Any, Any], Any]


class Passes:
    """The passes through one model, compiled where that pays. Nothing in the model changes, random states included."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Callable[..., Any]] = {}

    def forward(
        self, model: keras.Model, x: Any, y: Any, notes: dict[Any, Note], of_outputs: dict[Any, Made]
    ) -> tuple[Noted, dict[Any, Any]]:
        """Runs the model as in inference.

        Args:
            model: The model.
            x: A batch of inputs.
            y: Their targets; an empty tuple if nobody asks for them.
            notes: What is noted of layers, by any key.
            of_outputs: What is made of targets and outputs, likewise.

        Returns:
            What was noted by key, one entry a call of its layer, and what was made of the outputs; as NumPy arrays.
        """
        make = _FORWARD[keras.backend.backend()]
        shapes = ((tuple(each.shape[1:]), str(each.dtype)) for each in tree.flatten((x, y)))
        key = ("forward", *notes, *of_outputs, *shapes)
        if key not in self._made:
            # Numbered, since compiled functions return dicts whose keys can be sorted.
            numbered = dict(enumerate(notes.values())), dict(enumerate(of_outputs.values()))
            self._made[key] = make(model, (x, y), lambda x, y: _noting(model, x, y, *numbered))
        noted, made = tree.map_structure(_numpy, self._made[key](x, y))
        return (
            {each: noted[number] for number, each in enumerate(notes)},
            {each: made[number] for number, each in enumerate(of_outputs)},
        )

    def gradients(self, model: keras.Model, batch: tuple[Any, Any, Any]) -> list[np.ndarray]:
        """The gradients of what training minimizes, as in training: with dropout, regularization and all.

        Args:
            model: A compiled model.
            batch: Inputs, targets, and weights of the samples or None.

        Returns:
            One float32 array a trainable weight.
        """
        if "backward" not in self._made:
            self._made["backward"] = _BACKWARD[keras.backend.backend()](model)
        found = self._made["backward"](batch)
        return [
            np.zeros(each.shape, "float32") if gradient is None else _numpy(gradient).astype("float32")
            for each, gradient in zip(model.trainable_weights, found)
        ]


def _numpy(value: Any) -> Any:
    return None if value is None else keras.ops.convert_to_numpy(value)


def _run(model: keras.Model, x: Any, training: bool) -> Any:
    return model(x, training=training) if model._call_has_training_arg else model(x)


def _noting(
    model: keras.Model, x: Any, y: Any, notes: dict[Any, Note], of_outputs: dict[Any, Made]
) -> tuple[Noted, dict[Any, Any]]:
    found: Noted = {}
    with recording(notes, found):
        outputs = _run(model, x, training=False)
    return found, {key: made(y, outputs) for key, made in of_outputs.items()}


def _loss(model: keras.Model, batch: tuple[Any, Any, Any]) -> Any:
    x, y, weight = batch
    outputs = _run(model, x, training=True)
    return model._compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=True)


# Forward -------------------------------------------------------------------------------------------------------------


def _forward_on_tensorflow(model: keras.Model, batch: Any, noting: Made) -> Made:
    import tensorflow as tf

    def any_number_of(each: Any) -> tf.TensorSpec:
        return tf.TensorSpec([None, *each.shape[1:]], each.dtype)

    @tf.function(input_signature=tree.map_structure(any_number_of, batch), autograph=False)
    def run(x: Any, y: Any) -> Any:
        with keras.StatelessScope():
            return noting(x, y)

    return run


def _forward_on_jax(model: keras.Model, batch: Any, noting: Made) -> Made:
    import jax

    variables = model.variables

    @jax.jit
    def run(values: list[Any], x: Any, y: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values))):
            return noting(x, y)

    return lambda x, y: run([each.value for each in variables], x, y)


def _forward_on_torch(model: keras.Model, batch: Any, noting: Made) -> Made:
    import torch

    def run(x: Any, y: Any) -> Any:
        with torch.no_grad(), _random_state_of_torch(), keras.StatelessScope():
            return noting(x, y)

    return run


# Backward ------------------------------------------------------------------------------------------------------------


def _backward_on_tensorflow(model: keras.Model) -> Callable[..., Any]:
    import tensorflow as tf

    @tf.function(reduce_retracing=True, autograph=False)
    def run(batch: Any) -> Any:
        # On several devices a variable is mirrored; what is read of it here is its first copy.
        weights = [getattr(each.value, "_primary", each.value) for each in model.trainable_weights]
        with tf.GradientTape() as tape, _stateless(model):
            loss = _loss(model, batch)
        return dense_gradients(tape.gradient(loss, weights))

    return run


def _backward_on_jax(model: keras.Model) -> Callable[..., Any]:
    import jax

    @jax.jit
    def run(weights: list[Any], others: list[Any], metrics: list[Any], slots: list[Any], batch: Any) -> Any:
        def loss(at: list[Any]) -> Any:
            made = model.compute_loss_and_updates(
                at, others, metrics, *batch, training=True, optimizer_variables=slots
            )
            return made[1][0]  # not scaled

        return jax.grad(loss)(weights)

    def with_values(batch: Any) -> Any:
        held = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
            model.optimizer.variables,
        )
        return run(*([each.value for each in variables] for variables in held), batch)

    return with_values


def _backward_on_torch(model: keras.Model) -> Callable[..., Any]:
    import torch

    def run(batch: Any) -> Any:
        with _random_state_of_torch(), _stateless(model):
            loss = _loss(model, batch)
        weights = [each.value for each in model.trainable_weights]
        return torch.autograd.grad(loss, weights, allow_unused=True)

    return run


def _stateless(model: keras.Model) -> keras.StatelessScope:
    """A scope that keeps what would change. Keras looks there, and nowhere else, for weights to regularize."""
    values = [(each, each.value) for each in model.trainable_weights]
    return keras.StatelessScope(values, collect_losses=True)


@contextlib.contextmanager
def _random_state_of_torch() -> Iterator[None]:
    """Keeps PyTorch's own generators: Keras's dropout without a seed draws from them."""
    import torch

    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield


_FORWARD = {"tensorflow": _forward_on_tensorflow, "jax": _forward_on_jax, "torch": _forward_on_torch}
_BACKWARD = {"tensorflow": _backward_on_tensorflow, "jax": _backward_on_jax, "torch": _backward_on_torch}
