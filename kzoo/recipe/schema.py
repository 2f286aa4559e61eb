"""The JSON Schema of recipes, made from the same table of fields that recipes are checked with."""

from __future__ import annotations

from typing import Any

from kzoo.recipe.fields import SECTIONS, TOP, Field
from kzoo.registry import KINDS, Card, catalogue
from kzoo.registry.kinds import common_arguments, kind_of_argument
from kzoo.registry.signature import Parameter

Schema = dict[str, Any]
_TYPES = {
    "integer": "integer",
    "number": "number",
    "numeric": "number",
    "boolean": "boolean",
    "string": "string",
}


def recipe_schema() -> Schema:
    """A schema of draft 2020-12 with every name in the catalogue, plug-ins included."""
    properties = {key: _field(field) for key, field in TOP.items()}
    properties["data"] = _spec("dataset", SECTIONS["data"])
    properties["model"] = _model()
    for name in ("compile", "fit", "run"):
        properties[name] = _section(SECTIONS[name]) | {"description": TOP[name].help}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kzoo recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        # A recipe that extends another may leave anything to it.
        "anyOf": [
            {"required": [key for key, field in TOP.items() if field.required]},
            {"required": ["extends"]},
        ],
        "$defs": {kind: _spec(kind, {}) for kind in KINDS},
    }


def _model() -> Schema:
    """A model by name, or its layers."""
    layers = {"type": "array", "items": _reference("layer"), "minItems": 1}
    written_out = {
        "type": "object",
        "properties": {"layers": layers},
        "required": ["layers"],
        "additionalProperties": False,
    }
    return {"anyOf": [_reference("model"), written_out]}


def _section(fields: dict[str, Field]) -> Schema:
    return {
        "type": "object",
        "properties": {key: _field(field) for key, field in fields.items()},
        "additionalProperties": False,
    }


def _field(field: Field) -> Schema:
    schema: Schema = {"description": field.help}
    if field.type == "spec":
        schema |= _reference(field.kind)
    elif field.type == "specs":
        schema["anyOf"] = [_reference(field.kind), {"type": "array", "items": _reference(field.kind)}]
    elif field.type == "share":
        schema["anyOf"] = [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"},
        ]
    elif field.type == "axes":
        values = {"type": "array", "minItems": 1, "uniqueItems": True}
        schema["type"] = "object"
        schema["additionalProperties"] = {"anyOf": [values, {"type": "string", "pattern": r"^\S+\.\.\S+$"}]}
    elif field.choices:
        schema["enum"] = list(field.choices)
    elif field.type in _TYPES:
        schema["type"] = _TYPES[field.type]
    if field.minimum is not None:
        schema["minimum"] = field.minimum
    if field.default not in (None, [], {}):
        schema["default"] = field.default
    return schema


def _reference(kind: str) -> Schema:
    return {"$ref": f"#/$defs/{kind}"}


def _spec(kind: str, besides: dict[str, Field]) -> Schema:
    """A part by name, or as a mapping whose arguments follow from the name."""
    cards = [card for card in catalogue().cards(kind) if not card.refuses_recipes()]
    names = sorted(
        {name for card in cards for name in (catalogue().shown_name(card), card.full_name, *card.aliases)}
    )
    # Spelling is free and doors such as tfds/… are open, so other names pass here; `kzoo check` judges them.
    name = {"anyOf": [{"enum": names}, {"type": "string"}]}
    own = {key: _field(field) for key, field in besides.items()}
    written_out = {
        "type": "object",
        "properties": {"name": name, **own},
        "required": ["name"],
    }
    conditions = [_when(card, own) for card in cards if card.signature is not None]
    return {"anyOf": [name, written_out | ({"allOf": conditions} if conditions else {})]}


def _when(card: Card, own: dict[str, Schema]) -> Schema:
    names = sorted({catalogue().shown_name(card), card.full_name, *card.aliases})
    signature = card.parameters()
    assert signature is not None
    arguments = {key: _parameter(parameter, card.kind) for key, parameter in signature.parameters.items()}
    arguments |= {key: {} for key in common_arguments(card.kind, signature.open) if key not in arguments}
    properties = {**arguments, **own, "name": {}}
    return {
        "if": {"properties": {"name": {"enum": names}}},
        "then": {"properties": properties, "additionalProperties": False, "description": card.summary},
    }


def _parameter(parameter: Parameter, of_kind: str) -> Schema:
    kind = kind_of_argument(parameter.name, of_kind)
    if kind == "schedule":
        rate = {"anyOf": [{"type": "number"}, _reference(kind)]}
        return {"type": "array", "items": rate} if parameter.name == "schedules" else rate
    if kind == "model":
        return _model()
    if kind:
        return {"anyOf": [_reference(kind), {"type": "null"}, {"type": "array", "items": _reference(kind)}]}
    expected = _TYPES.get(parameter.expects())
    if expected is None or parameter.expects() == "numeric":
        return {}
    return {"type": [expected, "null"] if parameter.accepts_none() else expected}
