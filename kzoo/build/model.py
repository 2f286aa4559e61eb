"""A model from its spec: the models and layers inside it, and weights that were learned before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kzoo.build.filling import filled
from kzoo.build.parts import get, make
from kzoo.registry import Card
from kzoo.registry.kinds import PARTS_OF_A_MODEL


def make_model(card: Card, arguments: Mapping[str, Any]) -> Any:
    """A model; `weights`, which every one takes here, are loaded into it.

    Raises:
        KzooError: If an argument is unknown or refused, or the weights are another model's.
    """
    signature = card.parameters()
    own = signature.parameters if signature else {}
    given = {**card.arguments, **arguments}
    weights = given.pop("weights", None) if "weights" not in own else None
    given |= {key: _part_of_a_model(key, given) for key in given if key in PARTS_OF_A_MODEL}
    if card.arguments and "name" in own:
        given.setdefault("name", card.name)
    model = make(card, given)
    if weights is not None:
        from kzoo.models.weights import load_weights

        load_weights(model, weights)
    return model


def _part_of_a_model(key: str, arguments: Mapping[str, Any]) -> Any:
    """A model's encoder, which has no head of its own, or its head, which is told the classes."""
    spec, shape = arguments[key], arguments.get("input_shape")
    if key == "head":
        return get("layer", filled("layer", spec, {"num_classes": arguments.get("num_classes")}))
    if not isinstance(spec, Mapping) or "layers" not in spec:
        return get("model", filled("model", spec, {"input_shape": shape, "num_classes": 0}))
    import keras

    layers = [get("layer", each) for each in spec["layers"]]
    return keras.Sequential([keras.layers.Input(tuple(shape or ())), *layers])
