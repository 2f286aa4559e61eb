"""What all models of pictures share: what they take, their stages, their features, and where they are frozen."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from kzoo.arguments import count, whole_number

# Means and standard deviations of red, green and blue, of pictures whose numbers are from 0 to 1.
NORMALIZED = {
    "imagenet": {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    "inception": {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
}


def picture_model(
    head: Iterable[str], native: tuple[int, int, int] = (224, 224, 3), classes: int = 1000
) -> Callable:
    """Makes a model's function of one that says what its layers do.

    The decorated function takes a tensor of pictures, the number of classes, and what else it wants to be told. It
    returns the features of its stages, finest first, and a function without arguments that adds the head and returns
    its logits. The result takes these in front of, or beside, the function's own arguments:

    - `input_shape`: `(height, width, channels)` of a picture;
    - `num_classes`: how many classes; 0 for the pooled features before the classifier;
    - `normalize`: what makes numbers from 0 to 1 those that published weights expect: "imagenet" for most of them,
      "inception" (-1 to 1) for others, a mapping with `mean` and `std`, one number or one a channel; None for nothing;
    - `features_only`: whether the outputs are the stages' features, finest first, in place of logits;
    - `out_indices`: which stages then, counted from 0, from the end if negative; None for all;
    - `frozen_stages`: how many stages, from the input on, don't learn: 1 is what the first feature is made of;
    - `name`: of the model.

    Args:
        head: How the names of all layers after the last stage begin. A weights file may have another number of
            classes, or none, only there.
        native: The input shape that the family's numbers in papers are for.
        classes: How many classes there are unless told.
    """

    def decorate(function: Callable) -> Callable:
        def model(
            input_shape=native,
            num_classes: int = classes,
            *,
            normalize=None,
            features_only: bool = False,
            out_indices=None,
            frozen_stages: int = 0,
            name: str | None = None,
            **arguments,
        ):
            shape = _shape_of_a_picture(input_shape)
            inputs = keras.Input(shape, name="input")
            outputs = whole_number(num_classes=num_classes, least=0)
            stages, logits = function(_normalized(inputs, normalize), outputs, **arguments)
            _check_sizes(stages, shape)
            chosen = _chosen(stages, out_indices) if features_only or out_indices is not None else logits()
            made = keras.Model(inputs, chosen, name=name or function.__name__)
            _freeze(made, inputs, stages, frozen_stages)
            made.head_names = (*head, *_left_out(made, inputs, stages))
            made.stage_shapes = tuple(tuple(each.shape[1:]) for each in stages)
            return made

        shape, number, *shared, _ = inspect.signature(model).parameters.values()
        _, _, *own = inspect.signature(function).parameters.values()
        functools.update_wrapper(model, function)
        own = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
        model.__signature__ = inspect.Signature([shape, number, *own, *shared])  # type: ignore[attr-defined]
        return model

    return decorate


def _left_out(model: keras.Model, inputs: Any, stages: list[Any]) -> list[str]:
    """Names of the layers of later stages, which a model of earlier features doesn't have."""
    used = {layer.name for layer in model.layers}
    return [layer.name for layer in keras.Model(inputs, stages).layers if layer.name not in used]


def _normalized(pictures: Any, normalize: Any) -> Any:
    """Pictures as published weights expect them."""
    if normalize is None:
        return pictures
    known = NORMALIZED.get(normalize) if isinstance(normalize, str) else normalize
    if not isinstance(known, Mapping) or set(known) != {"mean", "std"}:
        raise ValueError(
            f"`normalize` must be {', '.join(map(repr, NORMALIZED))}, or a mapping with `mean` and `std`. "
            f"Received: normalize={normalize!r}"
        )
    mean, std = (np.asarray(known[each], "float64") for each in ("mean", "std"))
    if {mean.shape, std.shape} - {(), (pictures.shape[-1],)}:
        raise ValueError(
            f"`normalize` is for {max(mean.size, std.size)} channels, and the pictures have {pictures.shape[-1]}. "
            "Give `mean` and `std` of one number, or of one a channel."
        )
    variance = (std**2).tolist()
    return keras.layers.Normalization(mean=mean.tolist(), variance=variance, name="normalize")(pictures)


def _shape_of_a_picture(input_shape: Any) -> tuple[int, int, int]:
    shape = tuple(input_shape)
    if len(shape) != 3:
        raise ValueError(f"`input_shape` must be (height, width, channels). Received: input_shape={shape}")
    return tuple(count(input_shape=each) for each in shape)  # type: ignore[return-value]


def _check_sizes(stages: list[Any], shape: tuple[int, ...]) -> None:
    for number, stage in enumerate(stages):
        if min(each for each in stage.shape[1:3] if each is not None) < 1:
            raise ValueError(
                f"`input_shape` {shape} is too small: nothing is left of a picture after stage {number}. "
                "Scale the pictures up."
            )


def _chosen(stages: list[Any], out_indices: Any) -> list[Any]:
    wanted = range(len(stages)) if out_indices is None else list(out_indices)
    if not wanted or any(not -len(stages) <= each < len(stages) for each in wanted):
        raise ValueError(
            f"`out_indices` must be indices of the {len(stages)} stages, from 0. Received: out_indices={out_indices}"
        )
    return [stages[each] for each in wanted]


def _freeze(model: keras.Model, inputs: Any, stages: list[Any], frozen: int) -> None:
    if not 0 <= frozen <= len(stages):
        raise ValueError(
            f"`frozen_stages` must be from 0 to the {len(stages)} there are. Received: frozen_stages={frozen}"
        )
    if frozen:
        for layer in keras.Model(inputs, stages[frozen - 1]).layers:
            layer.trainable = False
