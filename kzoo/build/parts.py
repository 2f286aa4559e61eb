"""A spec to a ready Keras object."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from kzoo.keras_plugin import register_with_keras
from kzoo.problems import KzooError, Problem, nearest
from kzoo.registry import Card, catalogue
from kzoo.registry.kinds import common_arguments, kind_of_argument

# Keras picks the variant of these by the shapes it meets, so they are left to it.
_LEFT_TO_KERAS = ("accuracy", "acc", "crossentropy", "ce")


def get(kind: str, spec: Any, **arguments: Any) -> Any:
    """A part, ready for Keras; see `kzoo.get`."""
    if isinstance(spec, str):
        spec = {"name": spec}
    if not isinstance(spec, Mapping):
        catalogue().cards(kind)
        return spec
    if "name" not in spec:
        raise KzooError(f"expected the name of a {kind}, or a mapping with a name; got {dict(spec)!r}")
    card = catalogue().find(kind, spec["name"])
    given = {**{key: value for key, value in spec.items() if key != "name"}, **card.bound, **arguments}
    if kind == "model":
        from kzoo.build.model import make_model

        return make_model(card, given)
    return make_optimizer(card, given) if kind == "optimizer" else make(card, given)


def get_metric(spec: Any) -> Any:
    """A metric; the names that Keras resolves by shape stay names."""
    return spec if spec in _LEFT_TO_KERAS else get("metric", spec)


def make(card: Card, arguments: Mapping[str, Any]) -> Any:
    """Calls a part's class or function, after turning the specs among its arguments into parts.

    Raises:
        KzooError: If an argument is unknown or refused.
    """
    _check_names(card, arguments)
    part = register_with_keras(card, card.load())
    resolved = {key: _argument(card, key, value) for key, value in {**card.arguments, **arguments}.items()}
    function = not inspect.isclass(part)
    try:
        if card.kind == "activation" and function:
            return _configured(card, part, resolved) if resolved else part
        if function and card.kind not in ("model", "dataset") and not resolved and card.kind != "schedule":
            return part
        return part(**resolved)
    except KzooError:
        raise
    except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError) as error:
        text = " ".join(str(error).split())
        raise KzooError(Problem(f"{card.kind} '{card.full_name}' refuses its arguments: {text}")) from error


def make_optimizer(card: Card, arguments: Mapping[str, Any]) -> Any:
    """An optimizer; with `groups`, which any takes here, one for each of them.

    Raises:
        KzooError: If an argument is unknown or refused.
    """
    own = card.parameters()
    around = {"groups"} | ({"decay_vectors"} if card.package == "keras" else set())
    around -= set(own.parameters if own else ())
    optimizer = make(card, {key: value for key, value in arguments.items() if key not in around})
    wanted = {key: value for key, value in arguments.items() if key in around}
    if not wanted.get("groups") and wanted.get("decay_vectors") is not False:
        return optimizer
    return make(catalogue().find("optimizer", "kzoo/grouped"), {"optimizer": optimizer, **wanted})


def _configured(card: Card, function: Any, arguments: dict[str, Any]) -> Any:
    from kzoo.activations.with_arguments import WithArguments

    try:
        inspect.signature(function).bind(None, **arguments)
    except TypeError as error:
        raise KzooError(f"activation '{card.full_name}' refuses its arguments: {error}") from error
    return WithArguments(function, arguments)


def _check_names(card: Card, arguments: Mapping[str, Any]) -> None:
    signature = card.parameters()
    if signature is None:
        return
    common = common_arguments(card.kind, signature.open)
    for key in arguments:
        if key not in signature.parameters and key not in common:
            near = nearest(key, signature.parameters)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            hint += f"It takes: {', '.join(signature.parameters) or 'none'}."
            raise KzooError(Problem(f"unknown argument '{key}' of {card.kind} '{card.full_name}'", hint=hint))
    missing = signature.missing({*arguments, "name"})
    if missing:
        raise KzooError(f"{card.kind} '{card.full_name}' needs {', '.join(missing)}")


def _argument(card: Card, key: str, value: Any) -> Any:
    kind = kind_of_argument(key, card.kind)
    if type(value) is int and _is_float(card, key):
        return float(value)  # Keras computes in integers, or fails, where it is given one for a rate
    if key == "groups" and isinstance(value, list):
        return [_group(each) for each in value]
    if kind is None or value is None or isinstance(value, (bool, int, float)):
        return value
    if card.kind in ("model", "dataset"):
        return value  # a model uses its activation many times; each use makes its own
    if isinstance(value, list):
        return [get(kind, each) if isinstance(each, (str, Mapping)) else each for each in value]
    if isinstance(value, str) or (isinstance(value, Mapping) and "name" in value):
        return get(kind, value)
    return value


def _group(group: Any) -> Any:
    """A group of an optimizer's weights, with a learning rate that is a number or a schedule."""
    if not isinstance(group, Mapping) or "learning_rate" not in group:
        return group
    rate = group["learning_rate"]
    made = get("schedule", rate) if isinstance(rate, (str, Mapping)) else rate
    return {**group, "learning_rate": float(made) if type(made) is int else made}


def _is_float(card: Card, key: str) -> bool:
    signature = card.parameters()
    parameter = signature.parameters.get(key) if signature else None
    if key.endswith("learning_rate"):
        return True
    if parameter is None:
        return False
    if parameter.annotation:  # `float | int | str` means what it says: 5 steps aren't 5.0
        return parameter.annotation.removesuffix(" | None") == "float"
    return isinstance(parameter.default, float)
