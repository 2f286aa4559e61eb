"""A recipe to all that training needs: the data, the compiled model, the callbacks."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras

from kzoo.augmentations.seeded import Seeded
from kzoo.build.backend import leave_devices_to_keras
from kzoo.build.callbacks import make_callbacks
from kzoo.build.decay import spare_vectors
from kzoo.build.distribution import Distribution, distribution
from kzoo.build.filling import filled
from kzoo.build.parts import get, get_metric
from kzoo.build.placing import Problems
from kzoo.callbacks.recalibrate_batch_norm import RecalibrateBatchNorm
from kzoo.callbacks.recalibrated_fit import wants_recalibration
from kzoo.data.pipeline import evaluation_batches, steps_per_epoch, training_batches
from kzoo.data.service import checked_service
from kzoo.data.share import Share
from kzoo.data.source import Source, Split
from kzoo.data.splits import split_off
from kzoo.models.rematerialization import rematerialize
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
        known: What is filled in where a part asks for it.
        distribution: The devices that train together.
        notes: What the recipe left open and was decided here.
    """

    recipe: Recipe
    settings: dict[str, Any]
    source: Source
    model: keras.Model
    augment: list[Any]
    known: dict[str, Any]
    distribution: Distribution = Distribution()
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def epochs(self) -> int:
        return self.settings["fit"]["epochs"]

    @property
    def steps_per_epoch(self) -> int:
        data = self.settings["data"]
        return steps_per_epoch(self.source.train.count, data["batch_size"], data["drop_remainder"])

    def training_data(self, first_epoch: int = 0, first_step: int = 0, epochs: int | None = None) -> Any:
        """All batches from a step of an epoch to the last (the recipe's, by default), one epoch after the other."""
        last = self.epochs if epochs is None else epochs
        return self._training_batches(first_epoch, last, first_step, self.distribution.share)

    def _training_batches(
        self, first_epoch: int, epochs: int, first_step: int = 0, share: Share | None = None
    ) -> Any:
        data = self.settings["data"]
        return training_batches(
            self.source.train,
            batch_size=data["batch_size"],
            seed=self.settings["seed"],
            first_epoch=first_epoch,
            first_step=first_step,
            epochs=epochs,
            augment=self.augment,
            scale=self.source.scale,
            drop_remainder=data["drop_remainder"],
            one_hot=self.one_hot,
            shuffle=data["shuffle"],
            share=share,
            service=data.get("service"),
        )

    def evaluation_data(self, split: Split) -> Any:
        """A split in batches, in its own order, once."""
        return self.whole_batches(split, self.distribution.share)

    def whole_batches(self, split: Split, share: Share | None = None) -> Any:
        """A split in batches `(x, y)` that aren't shared out to devices or hosts, unless `share` says how."""
        return evaluation_batches(
            split,
            batch_size=self.settings["data"]["batch_size"],
            scale=self.source.scale,
            one_hot=self.one_hot,
            share=share,
        )

    def callbacks(self, folder: Path) -> list[keras.callbacks.Callback]:
        """New callbacks as the recipe names them, which write their files into a run folder."""
        train = self.whole_batches(self.source.train)  # whole ones, on every host
        validation = self.source.validation
        known = self.known | {
            "class_names": self.source.class_names or None,
            "train_batches": train,
            "first_epoch": _Later(lambda: self._training_batches(0, 1)),
            "watched_batches": train if validation is None else self.whole_batches(validation),
        }
        notes: list[str] = []
        made = make_callbacks(self.recipe, known, self.source.validation is not None, folder, notes)
        if wants_recalibration(self.model) and not any(
            isinstance(each, RecalibrateBatchNorm) for each in made
        ):
            made.insert(0, RecalibrateBatchNorm(known["first_epoch"]))
            notes.append("batch normalization is recalibrated each epoch, as the optimizer averages weights")
        self.notes = notes
        return made

    @property
    def one_hot(self) -> int | None:
        return self.source.num_classes if self.settings["data"]["one_hot"] else None


class _Later:
    """Batches that are made when they are first asked for.

    Args:
        make: What makes them.
    """

    def __init__(self, make: Callable[[], Any]):
        self.make = make

    def __iter__(self) -> Iterator[Any]:
        return iter(self.make())


def build(
    recipe: Recipe,
    source: Source | None = None,
    settings: dict[str, Any] | None = None,
    *,
    distributed: bool = True,
) -> Experiment:
    """Builds what a recipe describes. Same recipe, same seed: same initial weights.

    Args:
        recipe: The recipe.
        source: Its data, where that is there already.
        settings: Its plain data, where something in it was changed.
        distributed: Whether to spread it over several devices if it says so; else it is for one.

    Raises:
        KzooError: With everything that is wrong and could be seen, at its place in the recipe.
    """
    leave_devices_to_keras()
    settings = settings or recipe.resolved
    source = source or build_source(recipe, settings)
    problems = Problems(recipe)
    data, steps = settings["data"], 0
    with problems.at("data", "batch_size"):
        steps = steps_per_epoch(source.train.count, data["batch_size"], data["drop_remainder"])
    known = {
        "input_shape": source.input_shape,
        "num_classes": source.num_classes,
        "total_steps": steps * settings["fit"]["epochs"],
    }
    augment = []
    for index, spec in enumerate(data["augment"]):
        with problems.at("data", "augment", index):
            augment.append(get("augmentation", spec))
            Seeded(augment[-1], source.scale)  # refuses a layer that expects values from another range
    spread = Distribution()
    with problems.at("run", "distribute"):
        spread = distribution(settings["run"].get("distribute")) if distributed else spread
    if data.get("service") is not None:
        with problems.at("data", "service"):
            checked_service(data["service"])
            if spread.kind is not None:
                hint = "Leave run.distribute out, or data.service."
                raise KzooError(Problem("service: several devices can't share what it makes", hint=hint))
    keras.utils.set_random_seed(settings["seed"])
    with _precision(settings["run"]["precision"]), spread.building():
        model = _compiled_model(settings, source, known, problems)
    with problems.at("compile", "optimizer"):
        spread.adapt(model, _fewest_rows(source, data["batch_size"]))
    problems.raise_any()
    return Experiment(recipe, settings, source, model, augment, known, spread)


def _fewest_rows(source: Source, batch_size: int) -> int:
    """Of all batches of all splits, the rows of the smallest."""
    splits = [each for each in (source.train, source.validation, source.test) if each is not None]
    return min(each.count % batch_size or batch_size for each in splits)


def build_source(recipe: Recipe, settings: dict[str, Any]) -> Source:
    """The dataset of a recipe, with its validation part set aside."""
    data = settings["data"]
    spec = {key: value for key, value in data.items() if key not in DATA}
    problems = Problems(recipe)
    with problems.at("data"):
        source = get("dataset", filled("dataset", spec, _told(data)))
        source = split_off(
            source, validation=data.get("validation"), test=data.get("test"), seed=settings["seed"]
        )
        return _streams_kept(source, data["cache"])
    raise KzooError(problems.found)


def _streams_kept(source: Source, cache: str) -> Source:
    """Streams kept in memory or not, as the recipe wants; other data keeps itself."""
    parts = {name: getattr(source, name) for name in ("train", "validation", "test")}
    streams = {name: part for name, part in parts.items() if part and part.stream and not part.files}
    if streams and cache == "disk":
        hint = "What tensorflow-datasets prepared lies on the disk already: take memory, none or auto."
        raise KzooError(Problem("'cache': this data is a stream, which isn't kept on disk once more", hint=hint))
    return dataclasses.replace(
        source, **{name: dataclasses.replace(part, cache=cache) for name, part in streams.items()}
    )


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """What a dataset is told of how it is fed."""
    first = next(iter(data["augment"]), None)
    name = first if isinstance(first, str) else (first or {}).get("name")
    cuts = name is not None and catalogue().find("augmentation", name).name == "random_resized_crop"
    elsewhere = data.get("service") is not None and data["cache"] == "auto"  # what is kept here would be sent there
    return {"cache": "none" if elsewhere else data["cache"], "full_size": cuts}


def _compiled_model(
    settings: dict[str, Any], source: Source, known: dict[str, Any], problems: Problems
) -> keras.Model:
    to_compile = settings["compile"]
    model = loss = optimizer = None
    with problems.at("model"):
        model = _model(settings["model"], source, known, problems)
    if model is not None and settings["run"]["remat"]:
        with problems.at("run", "remat"):
            rematerialize(model)
    with problems.at("compile", "loss"):
        loss = get("loss", filled("loss", to_compile.get("loss"), known))
    with problems.at("compile", "optimizer"):
        optimizer = get("optimizer", filled("optimizer", to_compile["optimizer"], known))
    if model is not None and isinstance(model.output_shape, tuple):
        known = known | {"output_dim": model.output_shape[-1]}
    metrics = []
    for index, spec in enumerate(to_compile["metrics"]):
        with problems.at("compile", "metrics", index):
            metrics.append(get_metric(filled("metric", spec, known)))
    if model is not None and to_compile.get("loss") is None and getattr(model, "head", None) is None:
        with problems.at("compile"):
            raise KzooError("compile has no 'loss', and the model has no head that brings one")
    if model is not None and optimizer is not None:
        with problems.at("compile", "optimizer"):
            spare_vectors(optimizer, to_compile["optimizer"], model.trainable_variables)
    problems.raise_any()
    assert model is not None
    jit = to_compile["jit_compile"] if to_compile["jit_compile"] != "auto" else settings["run"]["jit"]
    with problems.at("compile"):
        model.compile(
            loss=loss,
            optimizer=optimizer,
            metrics=metrics,
            steps_per_execution=to_compile["steps_per_execution"],
            jit_compile=jit,
        )
    problems.raise_any()
    return model


def _model(
    spec: dict[str, Any], source: Source, known: dict[str, Any], problems: Problems
) -> keras.Model | None:
    if "layers" not in spec:
        return get("model", filled("model", spec, known))
    layers: list[Any] = [keras.layers.Input(source.input_shape)]
    for index, each in enumerate(spec["layers"]):
        with problems.at("model", "layers", index):
            layers.append(get("layer", filled("layer", each, {})))
            keras.Sequential(layers)  # says at once which layer doesn't fit the one before
    return keras.Sequential(layers) if not problems.found else None


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
