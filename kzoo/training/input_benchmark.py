"""Measures each stage of a recipe's input alone: which one keeps the model waiting?"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kzoo.augmentations.seeded import Seeded
from kzoo.build.experiment import Experiment, build
from kzoo.data.crops import cuts_from_files
from kzoo.data.pipeline import training_batches
from kzoo.problems import KzooError
from kzoo.recipe import Recipe

_MANY = 1 << 20  # epochs; nobody waits for their end
_WARM_UP = 0.3  # seconds: tf.data finds out how many threads to use
_ENOUGH = 1.2  # the input should be that much faster than the model
_FASTER = {
    "RandAugment": "rand_augment",
    "RandomColorJitter": "random_color_jitter",
    "RandomFlip": "random_flip",
}


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage of the input.

    Args:
        name: What it does.
        rate: Examples a second, measured alone on all cores.
        advice: What to change where it is the slowest.
    """

    name: str
    rate: float
    advice: str = ""


@dataclasses.dataclass(frozen=True)
class InputSpeed:
    """What was measured.

    Args:
        recipe: The recipe's name.
        batch_size: Examples a step.
        stages: The stages, in the order in which data passes them.
        whole: Examples a second of the whole input, as a training gets them.
        model: Examples a second that the model trains on; None if that wasn't measured.
    """

    recipe: str
    batch_size: int
    stages: tuple[Stage, ...]
    whole: float
    model: float | None

    @property
    def slowest(self) -> Stage:
        return min(self.stages, key=lambda stage: stage.rate)

    @property
    def enough(self) -> bool | None:
        """Whether the input keeps up with the model; None if that isn't known."""
        return None if self.model is None else self.whole >= _ENOUGH * self.model

    def as_json(self) -> dict[str, Any]:
        """What was measured, for a program."""
        return {
            "recipe": self.recipe,
            "batch_size": self.batch_size,
            "cores": os.cpu_count(),
            "stages": [{"name": each.name, "examples_per_second": each.rate} for each in self.stages],
            "input_examples_per_second": self.whole,
            "model_examples_per_second": self.model,
            "fast_enough": self.enough,
            "slowest": self.slowest.name,
            "advice": self.slowest.advice,
        }


def measure_input(recipe: Recipe, seconds: float = 2.0, model: bool = True) -> InputSpeed:
    """Measures the stages of a recipe's input one by one, the whole of it, and the model on one batch.

    Args:
        recipe: The recipe.
        seconds: How long each is measured.
        model: Whether to measure the model too.

    Raises:
        KzooError: If the recipe is wrong, or `seconds` isn't positive.
    """
    if not seconds > 0:
        raise KzooError(f"expected some seconds to measure, got {seconds}")
    experiment = build(recipe)
    batch_size = min(experiment.settings["data"]["batch_size"], experiment.source.train.count)
    cut = int(cuts_from_files(experiment.source.train, experiment.augment))
    stages = [
        *_reading(experiment, seconds),
        *_batching(experiment, cut, batch_size, seconds),
        *_augmenting(experiment, cut, batch_size, seconds),
        _handing_over(experiment, batch_size, seconds),
    ]
    endless = experiment.training_data(epochs=_MANY)
    whole = _rate((len(y) for _, y in endless), seconds)
    trained = _model_rate(experiment, seconds) if model else None
    return InputSpeed(recipe.name, batch_size, tuple(stages), whole, trained)


def _reading(experiment: Experiment, seconds: float) -> Iterator[Stage]:
    """Bytes of files, where there are files to read."""
    files = experiment.source.train.files
    if files is None or files.paths.dtype.kind != "U":
        return
    paths = tf.data.Dataset.from_tensor_slices(np.random.default_rng(0).permutation(files.paths)).repeat()
    lengths = paths.map(lambda path: tf.strings.length(tf.io.read_file(path)), tf.data.AUTOTUNE)
    advice = "Put the files on a disk of this machine, or keep them decoded: data.cache: disk."
    yield Stage("reading files", _rate((64 for _ in lengths.batch(64)), seconds), advice)


def _batching(experiment: Experiment, cut: int, batch_size: int, seconds: float) -> Iterator[Stage]:
    """Everything up to the batch as it is stored: reading, decoding and cutting, gathering."""
    train = experiment.source.train
    batches = training_batches(
        train,
        batch_size=batch_size,
        seed=0,
        epochs=_MANY,
        augment=experiment.augment[:cut],
    )
    name, advice = "gathering batches", "Nothing to gain here but by a larger batch_size."
    if train.files is not None and train.files.paths.dtype.kind == "U":
        name = "decoding windows into batches" if cut else "decoding into batches"
        advice = (
            "Keep pictures decoded: data.cache: memory or disk. Or store them no larger than needed, begin augment "
            "with random_resized_crop, which decodes windows only, or let other machines help: data.service."
        )
    elif cut:
        name, advice = "cutting windows into batches", "Store the pictures smaller, or take data.service."
    elif train.arrays is None and train.files is None:
        name, advice = (
            "reading the stream",
            "data.cache: memory or disk keeps what was read in the first epoch.",
        )
    yield Stage(name, _rate((len(y) for _, y in batches), seconds), advice)


def _augmenting(experiment: Experiment, cut: int, batch_size: int, seconds: float) -> Iterator[Stage]:
    """Each augmentation, on a batch as it comes out of the one before."""
    plain = training_batches(
        experiment.source.train,
        batch_size=batch_size,
        seed=0,
        epochs=1,
        augment=experiment.augment[:cut],
        one_hot=experiment.one_hot,
    )
    x, y = next(iter(plain))
    x = tf.cast(x, experiment.source.input_dtype)
    specs = experiment.recipe.resolved["data"]["augment"]
    for index, layer in list(enumerate(experiment.augment))[cut:]:
        seeded = Seeded(layer, experiment.source.scale)

        def augmented(step: tf.Tensor, seeded: Seeded = seeded, x: Any = x, y: Any = y) -> Any:
            return seeded(x, y, tf.stack([tf.cast(step, tf.int32), 0]))

        function = tf.autograph.experimental.do_not_convert(augmented)
        made = tf.data.Dataset.range(1 << 60).map(function, num_parallel_calls=tf.data.AUTOTUNE)
        spec = specs[index]
        name = spec if isinstance(spec, str) else spec["name"]
        rate = _rate((batch_size for _ in made), seconds)
        yield Stage(f"augmentation {name}", rate, _advice_on(layer))
        x, y = next(iter(made))


def _advice_on(layer: Any) -> str:
    faster = _FASTER.get(type(layer).__name__)
    if faster and type(layer).__module__.startswith("keras."):
        return f"kzoo/{faster} does the like on 8-bit numbers, many times as fast; `kzoo show` says what differs."
    return "Leave it out, give the model's own layers the work, or let other machines help: data.service."


def _handing_over(experiment: Experiment, batch_size: int, seconds: float) -> Stage:
    """Scaling to floating-point numbers and handing a batch to the device."""
    scale = experiment.source.scale
    stored = tf.zeros((batch_size, *experiment.source.input_shape), experiment.source.input_dtype)

    def scaled(_: tf.Tensor) -> tf.Tensor:
        return tf.cast(stored, tf.float32) * scale

    made = tf.data.Dataset.range(1 << 60).map(scaled, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)

    def handed() -> Iterator[int]:
        for batch in made:
            last = keras.ops.convert_to_tensor(
                batch if keras.backend.backend() == "tensorflow" else batch.numpy()
            )
            keras.ops.convert_to_numpy(last[:1, ..., 0])  # waits for it
            yield batch_size

    advice = "Take smaller pictures; nothing of the recipe makes this faster."
    return Stage("scaling and handing over", _rate(handed(), seconds), advice)


def _model_rate(experiment: Experiment, seconds: float) -> float:
    """Examples a second that the model trains on when it has never to wait."""
    x, y = next(iter(experiment.training_data(epochs=1)))
    model, seen = experiment.model, len(y)
    endless = tf.data.Dataset.from_tensors((x, y)).repeat()
    steps, took = 1, 0.0
    model.fit(endless, steps_per_epoch=2, verbose=0, shuffle=False)  # compiles
    while True:
        began = time.perf_counter()
        model.fit(endless, steps_per_epoch=steps, verbose=0, shuffle=False)
        took = time.perf_counter() - began
        if took >= seconds / 2:
            return steps * seen / took
        steps = max(2 * steps, int(steps * 0.75 * seconds / max(took, 1e-6)))


def _rate(sizes: Iterable[int], seconds: float) -> float:
    """Examples a second, from how many each step brings; what comes in the first moments doesn't count."""
    numbers = iter(sizes)
    next(numbers)
    began = time.perf_counter()
    while time.perf_counter() - began < _WARM_UP * min(1.0, seconds):
        next(numbers)
    began, seen = time.perf_counter(), 0
    while True:
        seen += next(numbers)
        took = time.perf_counter() - began
        if took >= seconds:
            return seen / took
