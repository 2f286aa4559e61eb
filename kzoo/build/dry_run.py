"""Pushes one symbolic batch through a built experiment: what would fail in training fails here, in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from kzoo.build.experiment import Experiment
from kzoo.build.placing import Problems
from kzoo.callbacks.confusion_matrix import ConfusionMatrix
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.problems import KzooError, Problem, fold, nearest, or_list
from kzoo.registry import catalogue

_BATCH = 2
_PROBABILITIES = ("softmax", "sigmoid")


def dry_run(experiment: Experiment) -> None:
    """Checks labels against loss, logits against the last activation, output size against classes, monitored names.

    Raises:
        KzooError: With everything that doesn't fit, at its place in the recipe.
    """
    problems = _output_problems(experiment)
    if not problems:
        problems = _step_problems(experiment) or _callback_problems(experiment)
    if problems:
        raise KzooError(problems)


def _loss_card(experiment: Experiment) -> Any:
    """The card of what is minimized; None where the model brings its own loss."""
    spec = experiment.settings["compile"].get("loss")
    if spec is None:
        return None
    while isinstance(spec, dict) and spec.get("losses"):
        spec = spec["losses"][0]  # a sum: all of its losses take the same targets
    return catalogue().find("loss", spec if isinstance(spec, str) else spec["name"])


def _output_problems(experiment: Experiment) -> list[Problem]:
    """Everything that shapes alone give away."""
    recipe, source, output = experiment.recipe, experiment.source, experiment.model.output_shape
    if not isinstance(output, tuple):
        return []  # several outputs: the symbolic step judges those
    problems = _class_problems(experiment, output)
    logits = getattr(experiment.model.loss, "from_logits", None)
    activation = final_activation(experiment.model)
    place = ("compile", "loss", "from_logits")
    if logits is True and activation in _PROBABILITIES:
        message = f"from_logits is true, but the model ends with {activation}, which gives probabilities"
        problems.append(recipe.problem(place, message, "Drop from_logits, or the model's last activation."))
    if logits is False and activation not in _PROBABILITIES and source.num_classes and not problems:
        message = (
            f"the model gives logits (its last activation is {activation}), the loss expects probabilities"
        )
        problems.append(recipe.problem(place, message, "Set from_logits: true at the loss."))
    return problems


def _class_problems(experiment: Experiment, output: tuple[int | None, ...]) -> list[Problem]:
    recipe, source = experiment.recipe, experiment.source
    card, one_hot, size = _loss_card(experiment), experiment.one_hot is not None, output[-1]
    if card is None or "metric_learning" in card.tags:
        return []  # the outputs are embeddings, of any size
    sparse = "sparse" in card.name or "sparse_targets" in card.tags
    place, classes = ("compile", "loss"), source.num_classes
    if classes is None:
        if "categorical" in card.name:
            message = f"{card.name} is for classes, but the data's targets are numbers"
            return [recipe.problem(place, message, "Take a loss for numbers, for instance mse.")]
        return []
    if sparse and one_hot and "sparse" in card.name:
        message = f"{card.name} wants class numbers, but data.one_hot makes vectors of them"
        return [
            recipe.problem(
                ("data", "one_hot"), message, "Leave one_hot out, or take categorical_crossentropy."
            )
        ]
    if not sparse and not one_hot and size != 1:
        message = f"{card.name} wants targets of shape (batch, {size}), the data has class numbers of shape (batch,)"
        better = f"sparse_{card.name}"
        hint = f"Take {better}, or set data.one_hot: true." if catalogue().has("loss", better) else ""
        return [recipe.problem(place, message, hint or "Set data.one_hot: true.")]
    steps = "ordinal_steps" in card.tags  # one output for each step from a class to the next
    if size != classes - steps and not (size == 1 and classes == 2):
        message = f"the model has {size} outputs, the data {classes} classes"
        hint = f"Give the model's last layer {'one unit less than' if steps else 'as many units as'} there are classes."
        keys = ("model", "layers", len(experiment.settings["model"].get("layers", [])) - 1)
        return [
            recipe.problem(keys if "layers" in experiment.settings["model"] else ("model",), message, hint)
        ]
    return []


def final_activation(model: keras.Model) -> str:
    """The name of what a model does last: `softmax`, `sigmoid`, `linear` …"""
    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    activation = getattr(last, "activation", None)
    return getattr(activation, "__name__", type(activation).__name__) if activation is not None else "linear"


def _step_problems(experiment: Experiment) -> list[Problem]:
    """Builds loss and metrics on symbolic tensors, as `fit` does before its first step."""
    source, model = experiment.source, experiment.model
    inputs = keras.KerasTensor((_BATCH, *source.input_shape), "float32")
    if experiment.one_hot:
        targets = keras.KerasTensor((_BATCH, experiment.one_hot), "float32")
    else:
        train = source.train
        shape = train.arrays[1].shape[1:] if train.arrays is not None else ()
        targets = keras.KerasTensor((_BATCH, *shape), "int32" if source.num_classes else "float32")
    try:
        with experiment.distribution.building():
            model._symbolic_build(data_batch=(inputs, targets))  # private, but what `fit` itself begins with
    except Exception as error:
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"a batch of shape {inputs.shape} with targets {targets.shape} does not go through: {text}"
        return [
            experiment.recipe.problem(("compile",), message, "Do loss, metrics and the model's output fit?")
        ]
    return []


def _callback_problems(experiment: Experiment) -> list[Problem]:
    """Callbacks that watch what is never reported, or look for what the model doesn't have."""
    callbacks = experiment.callbacks(Path())
    # Of what is added to the recipe's own, none watches or looks.
    own = callbacks[len(callbacks) - len(experiment.settings["fit"]["callbacks"]) :]
    problems = Problems(experiment.recipe)
    for index, callback in enumerate(own):
        if isinstance(callback, Diagnostic):
            with problems.at("fit", "callbacks", index):
                _look_for(callback, experiment)
    return problems.found + _monitor_problems(experiment, own)


def _look_for(diagnostic: Diagnostic, experiment: Experiment) -> None:
    if isinstance(diagnostic, ConfusionMatrix) and experiment.source.num_classes is None:
        raise KzooError("confusion_matrix is for classes, but the data's targets are numbers")
    diagnostic.set_model(experiment.model)
    diagnostic.wanted()


def _monitor_problems(experiment: Experiment, callbacks: list[keras.callbacks.Callback]) -> list[Problem]:
    """Callbacks that watch a quantity which will never be reported."""
    names = list(experiment.model.get_metrics_result())
    if experiment.source.validation is not None:
        names += [f"val_{name}" for name in names]
    names += [name for each in callbacks for name in getattr(each, "log_names", ())]
    problems = []
    for index, callback in enumerate(callbacks):
        monitor = getattr(callback, "monitor", None)
        if monitor is None or monitor in names:
            continue
        near = [name for name in names if fold(name) == fold(monitor)] or nearest(monitor, names)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        message = f"nothing called '{monitor}' is reported"
        place = ("fit", "callbacks", index, "monitor")
        problems.append(experiment.recipe.problem(place, message, f"{hint}There is {or_list(names)}."))
    return problems
