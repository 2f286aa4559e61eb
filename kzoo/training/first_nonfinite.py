"""Which value of a training step is the first that isn't finite: a layer's output, the loss, or a gradient."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kzoo.optimizers.second_pass import training_loss
from kzoo.runs.checkpoint import write_state


@dataclasses.dataclass(frozen=True)
class Finding:
    """What went first.

    Args:
        what: `batch`, `output`, `loss`, `gradient` or `update`.
        name: Of the input, layer or weight.
        text: The same in words.
        layers: Of every layer that was run, in that order: its name, its type, and about its outputs the smallest and
            the largest finite value and the share of those that are NaN or infinite.
    """

    what: str
    name: str
    text: str
    layers: list[dict[str, Any]]


def first_nonfinite(
    model: keras.Model, batch: tuple[Any, Any], before: dict[str, np.ndarray], run: Path
) -> Finding:
    """Runs a training step layer by layer, and says what was the first not to be finite.

    Args:
        model: A compiled model. It is left in the state before the step.
        batch: Inputs and targets.
        before: All state before the step, from `read_state`.
        run: The run folder, to be named should the state not fit.
    """
    for name, array in zip(("inputs", "targets"), batch):
        if not _finite(array):
            rows = np.flatnonzero([not _finite(row) for row in array])
            which = ", ".join(map(str, rows[:5])) + (" …" if len(rows) > 5 else "")
            return Finding(
                "batch", name, f"the batch itself, {_share(array)} in the {name} of example {which}", []
            )
    write_state(model, before, run)
    layers: list[dict[str, Any]] = []
    with _recording(model, layers), _without_gradients():
        loss = float(keras.ops.convert_to_numpy(training_loss(model, _tensors(batch))))
    for seen in layers:
        if seen["nan"] or seen["infinite"]:
            text = f"the output of {seen['name']} ({seen['type']}), {_in_words(seen)}"
            return Finding("output", seen["name"], text, layers)
    if not np.isfinite(loss):
        last = (
            f", from outputs between {layers[-1]['least']:.4g} and {layers[-1]['most']:.4g}" if layers else ""
        )
        return Finding("loss", "loss", f"the loss itself, {loss}{last}", layers)
    write_state(model, before, run)
    gradients = _gradients(model, batch)
    write_state(model, before, run)
    # They are computed from the last weight to the first.
    for variable, gradient in reversed(list(zip(model.trainable_variables, gradients))):
        if gradient is not None and not _finite(gradient):
            text = f"the gradient of {variable.path}, {_share(gradient)}, though the loss was {loss:.4g}"
            return Finding("gradient", variable.path, text, layers)
    text = f"the optimizer's update, though the loss was {loss:.4g} and every gradient finite"
    return Finding("update", type(model.optimizer).__name__, text, layers)


@contextlib.contextmanager
def _recording(model: keras.Model, seen: list[dict[str, Any]]) -> Iterator[None]:
    """Notes in `seen`, while it lasts, what each layer puts out, innermost first."""

    def recorded(layer: Any) -> Any:
        call = layer.call

        def call_and_note(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            arrays = [_array(each) for each in keras.tree.flatten(outputs) if each is not None]
            seen.append({"name": layer.name, "type": type(layer).__name__, **_facts(arrays)})
            return outputs

        return call_and_note

    layers = [each for each in model._flatten_layers(include_self=False) if not isinstance(each, keras.Model)]
    for layer in layers:
        object.__setattr__(layer, "call", recorded(layer))
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")


def _facts(arrays: list[np.ndarray]) -> dict[str, Any]:
    least, most, count, nan, infinite = np.inf, -np.inf, 0, 0, 0
    for array in arrays:
        values = array if array.dtype in (np.float32, np.float64) else array.astype("float32")
        finite = np.isfinite(values)
        least = min(least, float(values.min(where=finite, initial=np.inf)))
        most = max(most, float(values.max(where=finite, initial=-np.inf)))
        count += values.size
        nan += int(np.isnan(values).sum())
        infinite += int(np.isinf(values).sum())
    return {
        "least": least if least <= most else None,
        "most": most if least <= most else None,
        "nan": nan / max(count, 1),
        "infinite": infinite / max(count, 1),
    }


def _in_words(facts: dict[str, Any]) -> str:
    shares = [
        f"{100 * facts[key]:.3g} % of it {word}"
        for key, word in (("nan", "NaN"), ("infinite", "infinite"))
        if facts[key]
    ]
    rest = (
        "" if facts["least"] is None else f", the rest between {facts['least']:.4g} and {facts['most']:.4g}"
    )
    return " and ".join(shares) + rest


def _share(array: Any) -> str:
    array = np.asarray(array).astype("float64")
    return f"{np.count_nonzero(~np.isfinite(array)):,} of {array.size:,} values"


def _gradients(model: keras.Model, batch: tuple[Any, Any]) -> list[np.ndarray | None]:
    """Of the loss with respect to each trainable weight."""
    data, backend = _tensors(batch), keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = training_loss(model, data)
        gradients = tape.gradient(loss, [each.value for each in model.trainable_variables])
        gradients = [None if each is None else tf.convert_to_tensor(each) for each in gradients]
    elif backend == "jax":
        import jax

        gradient_of = jax.grad(model.compute_loss_and_updates, has_aux=True)
        states = (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)
        slots = [each.value for each in model.optimizer.variables]
        values = [[each.value for each in variables] for variables in states]
        gradients, _ = gradient_of(*values, *data, None, training=True, optimizer_variables=slots)
    else:
        model.zero_grad()
        training_loss(model, data).backward()
        gradients = [each.value.grad for each in model.trainable_variables]
    return [None if each is None else _array(each) for each in gradients]


@contextlib.contextmanager
def _without_gradients() -> Iterator[None]:
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    with torch.no_grad():
        yield


def _tensors(batch: tuple[Any, Any]) -> tuple[Any, Any]:
    x, y = (keras.ops.convert_to_tensor(each) for each in batch)
    return x, y


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _finite(array: Any) -> bool:
    return bool(np.isfinite(np.asarray(array).astype("float64")).all())
