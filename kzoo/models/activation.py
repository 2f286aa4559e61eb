"""Activations and normalizations that a model is told by name: a fresh layer for every place that has one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from kzoo.activations.with_arguments import WithArguments
from kzoo.keras_plugin import register_with_keras
from kzoo.registry import catalogue


def make_activation(spec: Any, name: str | None = None) -> keras.layers.Layer:
    """A layer of its own for one use of an activation, so that learned ones don't share what they learn.

    Args:
        spec: A name; a mapping with a name and arguments; a function; a layer, which is copied, or its class; or
            None for the identity.
        name: Name of the layer.

    Raises:
        KzooError: If the catalogue has no such activation.

    >>> from kzoo.models.activation import make_activation
    >>> make_activation({"name": "leaky_relu", "negative_slope": 0.5}, "act").name
    'act'
    """
    if isinstance(spec, keras.layers.Layer) or inspect.isclass(spec):
        return _fresh(spec, {}, name)
    part, arguments = _part("activation", "linear" if spec is None else spec)
    if inspect.isclass(part):
        return _fresh(part, arguments, name)
    if arguments:
        return WithArguments(part, arguments, name=name)
    return keras.layers.Activation(part, name=name)


def make_norm(spec: Any, name: str | None = None) -> keras.layers.Layer:
    """A normalization layer of its own for one place.

    Args:
        spec: The name of a layer; a mapping with a name and arguments; a layer, which is copied, or its class.
        name: Name of the layer.

    Raises:
        KzooError: If the catalogue has no such layer.

    >>> from kzoo.models.activation import make_norm
    >>> make_norm({"name": "layer_normalization", "epsilon": 1e-5}).epsilon
    1e-05
    """
    if isinstance(spec, keras.layers.Layer) or inspect.isclass(spec):
        return _fresh(spec, {}, name)
    part, arguments = _part("layer", spec)
    return _fresh(part, arguments, name)


def _part(kind: str, spec: Any) -> tuple[Any, dict[str, Any]]:
    """The class or function that a spec names, and its arguments."""
    if isinstance(spec, str):
        spec = {"name": spec}
    if isinstance(spec, Mapping):
        card = catalogue().find(kind, spec.get("name"))
        return register_with_keras(card, card.load()), {
            key: each for key, each in spec.items() if key != "name"
        }
    if callable(spec):
        return spec, {}
    raise ValueError(
        f"Expected the {kind} as a name, a mapping with a name, or a callable. Received: {spec!r}"
    )


def _fresh(layer: Any, arguments: dict[str, Any], name: str | None) -> keras.layers.Layer:
    """A new layer of a class, or a new one like another."""
    named = {"name": name} if name else {}
    if inspect.isclass(layer):
        return layer(**arguments, **named)
    return type(layer).from_config({**layer.get_config(), **named})
