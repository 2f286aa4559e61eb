"""Runs augmentation layers in tf.data from a given seed, without any state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from keras.src.layers.preprocessing.data_layer import DataLayer  # not exported by Keras

from kzoo.augmentations.eight_bits import EightBits
from kzoo.problems import KzooError, Problem

_MIXES_LABELS = (keras.layers.MixUp, keras.layers.CutMix)


class GivenSeeds(keras.random.SeedGenerator):
    """A seed generator that has no state of its own: the seeds it hands out follow from one that it is given.

    Keras's layers ask the generator that they hold for each random number they need; the first gets the first seed
    that follows, and so on.
    """

    def __init__(self, seed: tf.Tensor):  # without super().__init__: that makes a variable
        self.seed = seed
        self.count = 0

    def next(self, ordered: bool = True) -> tf.Tensor:
        self.count += 1
        return tf.random.experimental.stateless_fold_in(self.seed, self.count)


class Seeded:
    """An augmentation layer as a pure function of a batch and a seed.

    Args:
        layer: Any of Keras's augmentation layers, ours, or a plug-in's.
        scale: What inputs are multiplied by *after* augmentation; 1/255 means that they go from 0 to 255 here.

    Raises:
        KzooError: If the layer expects values from another range.
    """

    def __init__(self, layer: keras.Layer, scale: float = 1.0):
        if layer.compute_dtype != "float32":
            # Pictures stay float32 up to the model, whatever precision that computes in.
            layer = type(layer).from_config({**layer.get_config(), "dtype": "float32"})
        self.layer = layer
        self.name = type(layer).__name__
        _check_value_range(layer, scale)

    def __call__(self, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Augments a batch.

        Args:
            x: Inputs, (batch, height, width, channels) for pictures. Pictures of 8 bits stay such in layers that take
                them.
            y: Targets. Layers that mix labels (MixUp, CutMix) need them as rows: (batch, classes).
            seed: Two int32. The same seed gives the same result.

        Raises:
            KzooError: If the layer doesn't work on these inputs or targets.
        """
        mixes = isinstance(self.layer, _MIXES_LABELS)
        if mixes and y.shape.rank != 2:
            hint = "Set data.one_hot: true, and take categorical_crossentropy for the loss."
            raise KzooError(
                Problem(f"{self.name} mixes labels too, so they are to be one-hot rows", hint=hint)
            )
        in_bytes = isinstance(self.layer, EightBits) and x.dtype == tf.uint8
        x = x if in_bytes else tf.cast(x, tf.float32)
        data = {"images": x, "labels": tf.cast(y, tf.float32)} if mixes else x
        try:
            if not self.layer.built and getattr(type(self.layer).build, "_is_default", False):
                # Keras builds such a layer (Pipeline) by a trial run, which draws seeds too.
                self._run(data, seed)
            result = self._run_on_bytes(x, seed) if in_bytes else self._run(data, seed)
        except Exception as error:
            what = f"augmentation {self.name} doesn't work on inputs of shape {tuple(x.shape[1:])}"
            raise KzooError(f"{what}: {type(error).__name__}: {error}") from error
        return (result["images"], result["labels"]) if mixes else (result, y)

    def _run(self, data: Any, seed: tf.Tensor) -> Any:
        with _given_seeds(self.layer, seed):
            return self.layer(dict(data) if isinstance(data, dict) else data, training=True)

    def _run_on_bytes(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        with _given_seeds(self.layer, seed):
            return self.layer.on_bytes(x)


@contextlib.contextmanager
def _given_seeds(layer: keras.Layer, seed: tf.Tensor) -> Iterator[None]:
    """Lets the layer and those inside it draw from `seed`, for a while."""
    generator = GivenSeeds(seed)
    parts = list(layer._flatten_layers())
    changed: list[tuple[keras.Layer, str, Any]] = []
    for part in parts:
        held = {
            name: value for name, value in vars(part).items() if isinstance(value, keras.random.SeedGenerator)
        }
        replaced: dict[str, Any] = dict.fromkeys(held, generator)
        if isinstance(part, DataLayer):
            # It keeps one more generator for each backend other than the main one, behind this method.
            replaced["_get_seed_generator"] = lambda backend=None: generator
        for name, value in replaced.items():
            changed.append((part, name, vars(part).get(name)))
            vars(part)[name] = value  # past Keras's __setattr__, which would track it as state
    try:
        yield
    finally:
        for part, name, value in changed:
            if value is None:
                del vars(part)[name]
            else:
                vars(part)[name] = value
        for part in parts:
            if isinstance(part, DataLayer):
                part.backend.reset()  # RandAugment and others leave the inner ones on TensorFlow


def _check_value_range(layer: keras.Layer, scale: float) -> None:
    """Colour augmentations must know from where to where values go; a wrong range ruins pictures without an error."""
    given = getattr(layer, "value_range", None)
    if scale == 1 or given is None:
        return
    largest = round(1 / scale, 6)
    if tuple(map(float, given)) != (0.0, largest):
        what = f"augmentation {type(layer).__name__} expects values from {given[0]} to {given[1]}"
        hint = f"Set value_range to [0, {largest:g}]: pictures are scaled after augmentation."
        raise KzooError(Problem(f"{what}, here they go from 0 to {largest:g}", hint=hint))
