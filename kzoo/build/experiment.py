"""A recipe to all that training needs: the data, the compiled model, the callbacks."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from kzoo.build.parts import get, get_metric
from kzoo.data.pipeline import evaluation_batches, steps_per_epoch, training_batches
from kzoo.data.source import Source, Split
from kzoo.data.splits import split_off
from kzoo.problems import KzooError, Problem
from kzoo.recipe import Recipe
from kzoo.recipe.fields import DATA
from kzoo.registry import catalogue


@dataclasses.dataclass
class Experiment:
    """What a recipe describes, built.

    Args:
        recipe: The recipe.
        settings: Its plain data, every default filled in.
        source: The data with its splits.
        model: The compiled model.
        augment: The layers that change training batches.
        callbacks: Those that the recipe names.
        notes: What the recipe left open and was decided here.
    """

    recipe: Recipe
    settings: dict[str, Any]
    source: Source
    model: keras.Model
    augment: list[Any]
    callbacks: list[keras.callbacks.Callback]
    notes: list[str]

    @property
    def epochs(self) -> int:
        return self.settings["fit"]["epochs"]

    @property
    def steps_per_epoch(self) -> int:
        data = self.settings["data"]
        return steps_per_epoch(self.source.train.count, data["batch_size"], data["drop_remainder"])

    def training_data(self, first_epoch: int = 0) -> Any:
        """All batches from an epoch to the last, one epoch after the other."""
        data = self.settings["data"]
        return training_batches(
            self.source.train,
            batch_size=data["batch_size"],
            seed=self.settings["seed"],
            first_epoch=first_epoch,
            epochs=self.epochs,
            augment=self.augment,
            scale=self.source.scale,
            drop_remainder=data["drop_remainder"],
            one_hot=self.one_hot,
            shuffle=data["shuffle"],
        )

    def evaluation_data(self, split: Split) -> Any:
        """A split in batches, in its own order, once."""
        return evaluation_batches(
            split,
            batch_size=self.settings["data"]["batch_size"],
            scale=self.source.scale,
            one_hot=self.one_hot,
        )

    @property
    def one_hot(self) -> int | None:
        return self.source.num_classes if self.settings["data"]["one_hot"] else None


def build(recipe: Recipe) -> Experiment:
    """Builds what a recipe describes. Same recipe, same seed: same initial weights.

    Raises:
        KzooError: With everything that is wrong and could be seen, at its place in the recipe.
    """
    settings = recipe.resolved
    source = build_source(recipe, settings)
    keras.utils.set_random_seed(settings["seed"])
    notes: list[str] = []
    problems = _Problems(recipe)
    with _precision(settings["run"]["precision"]):
        data, fit, to_compile = settings["data"], settings["fit"], settings["compile"]
        steps = steps_per_epoch(source.train.count, data["batch_size"], data["drop_remainder"])
        if steps == 0:
            message = f"{source.train.count} training examples don't fill one batch of {data['batch_size']}"
            hint = "Lower data.batch_size, or leave drop_remainder out."
            problems.add(recipe.problem(("data", "batch_size"), message, hint))
        known = {
            "input_shape": source.input_shape,
            "num_classes": source.num_classes,
            "total_steps": steps * fit["epochs"],
        }
        parts: dict[str, Any] = {}
        with problems.at("model"):
            parts["model"] = _model(settings["model"], source, known, problems)
        for key, kind in (("loss", "loss"), ("optimizer", "optimizer")):
            with problems.at("compile", key):
                parts[key] = get(kind, filled(kind, to_compile[key], known))
        parts["metrics"] = []
        for index, spec in enumerate(to_compile["metrics"]):
            with problems.at("compile", "metrics", index):
                parts["metrics"].append(get_metric(filled("metric", spec, known)))
        augment = []
        for index, spec in enumerate(data["augment"]):
            with problems.at("data", "augment", index):
                augment.append(get("augmentation", spec))
        callbacks = []
        for index, spec in enumerate(fit["callbacks"]):
            with problems.at("fit", "callbacks", index):
                spec = _monitored(spec, source.validation is not None, notes)
                callbacks.append(get("callback", filled("callback", spec, known)))
        problems.raise_any()
        parts["model"].compile(
            loss=parts["loss"],
            optimizer=parts["optimizer"],
            metrics=parts["metrics"],
            jit_compile=to_compile["jit_compile"],
            steps_per_execution=to_compile["steps_per_execution"],
        )
    return Experiment(recipe, settings, source, parts["model"], augment, callbacks, notes)


def build_source(recipe: Recipe, settings: dict[str, Any]) -> Source:
    """The dataset of a recipe, with its validation part set aside."""
    data = settings["data"]
    spec = {key: value for key, value in data.items() if key not in DATA}
    with _Problems(recipe, at_once=True).at("data"):
        source = get("dataset", spec)
        return split_off(
            source, validation=data.get("validation"), test=data.get("test"), seed=settings["seed"]
        )


def filled(kind: str, spec: Any, known: dict[str, Any]) -> Any:
    """A spec with the arguments that the recipe knows filled in, in it and in the specs inside it."""
    if isinstance(spec, list):
        return [filled(kind, each, known) for each in spec]
    if not isinstance(spec, (str, dict)):
        return spec
    spec = {"name": spec} if isinstance(spec, str) else dict(spec)
    card = catalogue().find(kind, spec["name"])
    signature = card.parameters()
    for name in signature.parameters if signature else ():
        source = card.fills.get(name, name)
        if name not in spec and known.get(source) is not None:
            spec[name] = known[source]
    schedule = spec.get("learning_rate")
    if isinstance(schedule, dict):
        spec["learning_rate"] = filled("schedule", schedule, known)
    if kind == "optimizer" and isinstance(spec.get("optimizer"), (str, dict)):
        spec["optimizer"] = filled("optimizer", spec["optimizer"], known)
    return spec if len(spec) > 1 else spec["name"]


def _model(
    spec: dict[str, Any], source: Source, known: dict[str, Any], problems: _Problems
) -> keras.Model | None:
    if "layers" not in spec:
        return get("model", filled("model", spec, known))
    layers: list[Any] = [keras.layers.Input(source.input_shape)]
    for index, each in enumerate(spec["layers"]):
        with problems.at("model", "layers", index):
            layers.append(get("layer", filled("layer", each, {})))
            keras.Sequential(layers)  # says at once which layer doesn't fit the one before
    return keras.Sequential(layers) if problems.none else None


def _monitored(spec: Any, validated: bool, notes: list[str]) -> Any:
    """Has a callback that would watch validation data watch the training instead, where there is none."""
    spec = {"name": spec} if isinstance(spec, str) else dict(spec)
    signature = catalogue().find("callback", spec["name"]).parameters()
    parameter = signature.parameters.get("monitor") if signature else None
    if parameter and not validated and "monitor" not in spec and str(parameter.default).startswith("val_"):
        spec["monitor"] = str(parameter.default).removeprefix("val_")
        notes.append(f"{spec['name']} watches '{spec['monitor']}': there is no validation data")
    return spec


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class _Problems:
    """Collects what goes wrong while parts are made, each at its place in the recipe."""

    def __init__(self, recipe: Recipe, at_once: bool = False):
        self.recipe, self.at_once, self.found = recipe, at_once, list[Problem]()

    @property
    def none(self) -> bool:
        return not self.found

    def add(self, problem: Problem) -> None:
        self.found.append(problem)

    @contextlib.contextmanager
    def at(self, *keys: str | int) -> Iterator[None]:
        try:
            yield
        except KzooError as error:
            self.found += [self._placed(keys, each) for each in error.problems]
        except (TypeError, ValueError) as error:
            self.found.append(self._placed(keys, Problem(" ".join(str(error).split()))))
        if self.at_once:
            self.raise_any()

    def _placed(self, keys: Sequence[str | int], problem: Problem) -> Problem:
        """At the part; at one of its arguments where the message quotes it."""
        if problem.line:
            return problem
        node = self.recipe.node(*keys)
        if isinstance(node.value, dict):
            for key, child in node.value.items():
                if key != "name" and (f"`{key}`" in problem.message or f"'{key}'" in problem.message):
                    return child.at.problem(problem.message, problem.hint)
        return node.at.problem(problem.message, problem.hint)

    def raise_any(self) -> None:
        if self.found:
            raise KzooError(self.found)
