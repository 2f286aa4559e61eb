"""Doors to the models of other collections: `keras/…` is keras.applications, `hub/…` is KerasHub."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from kzoo.problems import KzooError, Problem, fold, nearest


def keras_application(application: str, input_shape=None, num_classes: int = 1000, weights=None) -> Any:
    """A model of `keras.applications`, with logits as its outputs.

    Args:
        application: Its name there, in any spelling: `ResNet50V2`, `resnet50v2`.
        input_shape: `(height, width, channels)`; None for the model's own.
        num_classes: How many classes; 0 for the pooled features.
        weights: What Keras takes: None, "imagenet", or a path.

    Returns:
        A `keras.Model`.

    Raises:
        KzooError: If Keras has no such model.

    >>> import kzoo
    >>> kzoo.create_model("keras/MobileNet", num_classes=7, input_shape=(32, 32, 3)).output_shape
    (None, 7)
    """
    known = {
        fold(name): (name, each)
        for name, each in vars(keras.applications).items()
        if inspect.isfunction(each) and not name.startswith("_")
    }
    if fold(application) not in known:
        names = [name for name, _ in known.values()]
        hint = f"Did you mean {' or '.join(nearest(application, names) or sorted(names))}?"
        raise KzooError(Problem(f"keras.applications has no {application}", hint=hint))
    _, function = known[fold(application)]
    head: dict[str, Any] = {"include_top": bool(num_classes)}
    head |= {"classes": num_classes, "classifier_activation": None} if num_classes else {"pooling": "avg"}
    shape = None if input_shape is None else tuple(input_shape)
    return function(input_shape=shape, weights=weights, **head)


def keras_hub_preset(preset: str, num_classes: int | None = None, load_weights: bool = True) -> Any:
    """An image classifier of KerasHub by the name of its preset.

    Args:
        preset: The preset's name, such as `resnet_18_imagenet`.
        num_classes: How many classes; None for the preset's own, 0 for its backbone.
        load_weights: Whether what it learned is fetched.

    Returns:
        A `keras_hub` model.

    Raises:
        KzooError: If KerasHub isn't installed, or has no such preset.
    """
    try:
        import keras_hub
    except ImportError as error:
        problem = Problem(
            f"hub/{preset} is a model of KerasHub, which isn't installed", hint="pip install keras-hub"
        )
        raise KzooError(problem) from error
    presets = keras_hub.models.ImageClassifier.presets
    if preset not in presets:  # a path or an address could bring classes of its own
        hint = f"Did you mean {' or '.join(nearest(preset, presets) or sorted(presets)[:3])}?"
        raise KzooError(Problem(f"KerasHub has no image classifier {preset}", hint=hint))
    made, classes = (
        keras_hub.models.ImageClassifier,
        {} if num_classes is None else {"num_classes": num_classes},
    )
    if num_classes == 0:
        made, classes = keras_hub.models.Backbone, {}
    try:
        return made.from_preset(preset, load_weights=load_weights, **classes)
    except (ValueError, FileNotFoundError, OSError) as error:
        text = " ".join(str(error).split())
        raise KzooError(f"KerasHub can't make {preset}: {text}") from error
