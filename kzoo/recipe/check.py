"""Holds a recipe against what the catalogue knows: every problem in one pass, nothing imported."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from kzoo.problems import KzooError, Problem, nearest, or_list
from kzoo.recipe.fields import DATA, FILLED, SECTIONS, TOP, Field
from kzoo.recipe.source import Node
from kzoo.registry import Card, catalogue
from kzoo.registry.kinds import common_arguments, kind_of_argument
from kzoo.registry.signature import Parameter

_SHARE = re.compile(r"\d+(\.\d+)?\s*%")


def problems_of(tree: Node) -> list[Problem]:
    """Everything that can be seen to be wrong without Keras."""
    return _Check(tree).problems


def is_share(value: Any) -> bool:
    """Whether this is a part of something: `10%`, `.1`, or a count.

    >>> is_share("10%"), is_share(0.1), is_share(500), is_share("some")
    (True, True, True, False)
    """
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return bool(_SHARE.fullmatch(value)) and 0 <= float(value.rstrip("% ")) < 100
    return (isinstance(value, int) and value >= 0) or (isinstance(value, float) and 0 <= value < 1)


class _Check:
    def __init__(self, tree: Node):
        self.problems: list[Problem] = []
        if not isinstance(tree.value, dict):
            self.wrong(tree, f"a recipe is a mapping with the sections {', '.join(SECTIONS)}")
            return
        self.fields(tree, TOP, "the recipe")
        self.serialized(tree)
        for name, fields in SECTIONS.items():
            section = tree.get(name)
            if section is not None and name in ("compile", "fit", "run"):
                self.section(section, self.needed(tree, fields), name)
        self.data(tree.get("data"))
        self.model(tree.get("model"))
        self.name(tree.get("name"))
        self.monitors(tree)

    def wrong(self, node: Node, message: str, hint: str = "") -> None:
        self.problems.append(node.at.problem(message, hint))

    def unknown_key(self, node: Node, key: str, of: str, known: list[str]) -> None:
        near = nearest(key, known)
        hint = f"Did you mean {or_list([repr(each) for each in near])}? " if near else ""
        hint += f"It takes: {', '.join(known)}." if known else "It takes none."
        self.problems.append(node.value[key].key_place.problem(f"unknown {of} '{key}'", hint))

    # Sections ---------------------------------------------------------------------------------------------------

    def section(self, section: Node, fields: dict[str, Field], name: str) -> None:
        if section.value is None:
            section = Node({}, section.at, section.key_at)
        if not isinstance(section.value, dict):
            self.wrong(section, f"{name} is to be a mapping, got {_told(section)}")
            return
        self.fields(section, fields, name)

    def fields(self, section: Node, fields: dict[str, Field], name: str) -> None:
        for key in section.value:
            if key not in fields:
                self.unknown_key(section, key, f"key in {name}:", list(fields))
        for key, field in fields.items():
            child = section.get(key)
            if child is not None:
                self.field(child, key, field)
            elif field.required:
                self.problems.append(section.key_place.problem(f"{name} has no '{key}'", field.help))

    def needed(self, tree: Node, fields: dict[str, Field]) -> dict[str, Field]:
        """The fields of a section; beside a model that may bring its loss, `compile` needs none."""
        model = tree.get("model")
        name = model.get("name") or model if model else None
        if "loss" not in fields or not name or not isinstance(name.value, str):
            return fields
        if not catalogue().has("model", name.value):
            return fields
        brings = "own_loss" in catalogue().find("model", name.value).tags
        return fields | {"loss": dataclasses.replace(fields["loss"], required=False)} if brings else fields

    def field(self, node: Node, key: str, field: Field) -> None:
        value = node.value
        if field.type == "spec":
            if field.kind not in ("dataset", "model"):
                self.spec(node, field.kind)
        elif field.type == "specs":
            for each in value if isinstance(value, list) else [node]:
                self.spec(each, field.kind)
        elif field.type == "share":
            if value is not None and not is_share(value):
                self.wrong(node, f"{key} is to be a share such as 10% or a count, got {_told(node)}")
        elif field.choices:
            if value not in field.choices or isinstance(value, bool) != any(
                value is each for each in (True, False)
            ):
                near = nearest(str(value), [str(each) for each in field.choices])
                hint = f"Did you mean '{near[0]}'?" if near else ""
                self.wrong(node, f"{key} is to be {or_list(field.choices)}, got {_told(node)}", hint)
        elif field.type not in ("section", "axes") and not (value is None and not field.required):
            self.plain_value(node, key, field.type, field.minimum)

    def plain_value(self, node: Node, key: str, expected: str, minimum: float | None = None) -> None:
        if not _fits(node.value, expected):
            hint = ""
            if (
                isinstance(node.value, str)
                and re.fullmatch(r"[-+\d.eE_%]+", node.value)
                and expected != "string"
            ):
                hint = "Without quotes, a number is a number."
            self.wrong(node, f"{key} is to be {_a(expected)}, got {_told(node)}", hint)
        elif minimum is not None and node.value < minimum:
            self.wrong(node, f"{key} is to be at least {minimum}, got {node.value}")

    def serialized(self, node: Node) -> None:
        """Keras makes objects of mappings with these keys, and it could be any object: a recipe has names instead."""
        if isinstance(node.value, dict) and "class_name" in node.value:
            message = "a recipe names parts that are registered; it can't describe objects of Keras"
            place = node.value["class_name"].key_place
            self.problems.append(place.problem(message, "Write `name: …` instead of class_name."))
        children = node.value.values() if isinstance(node.value, dict) else node.value
        for child in children if isinstance(node.value, (dict, list)) else ():
            self.serialized(child)

    def name(self, node: Node | None) -> None:
        if (
            node is not None
            and isinstance(node.value, str)
            and not re.fullmatch(r"[\w.\-]+", node.value, re.ASCII)
        ):
            self.wrong(node, f"a name is letters, digits, '.', '_' and '-', got {_told(node)}")

    def data(self, node: Node | None) -> None:
        if node is None:
            return
        for key, field in DATA.items():
            child = node.get(key)
            if child is not None:
                self.field(child, key, field)
        self.spec(node, "dataset", besides=list(DATA))

    def model(self, node: Node | None) -> None:
        layers = node.get("layers") if node else None
        if node is None:
            return
        if layers is None:
            self.spec(node, "model")
            return
        for key in node.value:
            if key != "layers":
                self.unknown_key(node, key, "key beside layers:", ["layers"])
        if not isinstance(layers.value, list) or not layers.value:
            self.wrong(layers, f"layers is to be a list of layers, got {_told(layers)}")
            return
        for layer in layers.value:
            self.spec(layer, "layer")

    def monitors(self, tree: Node) -> None:
        """A callback that watches val_… needs validation data."""
        data, fit = tree.get("data"), tree.get("fit")
        callbacks = fit.get("callbacks") if fit else None
        validation = data.get("validation") if data else None
        if callbacks is None or data is None or (validation and validation.value is not None):
            return
        for callback in callbacks.value if isinstance(callbacks.value, list) else [callbacks]:
            monitor = callback.get("monitor")
            if monitor and isinstance(monitor.value, str) and monitor.value.startswith("val_"):
                self.wrong(
                    monitor,
                    f"'{monitor.value}' needs validation data, and there is none",
                    f"Set data.validation, for instance 10%, or watch '{monitor.value.removeprefix('val_')}'.",
                )

    # Parts ------------------------------------------------------------------------------------------------------

    def spec(self, node: Node, kind: str, besides: list[str] | None = None) -> None:
        """A part by name, with its arguments: `mish`, or `{name: leaky_relu, negative_slope: 0.1}`."""
        name = node if isinstance(node.value, str) else node.get("name")
        if name is None:
            expected = f"expected the name of {_a(kind)}, or a mapping with a name"
            self.wrong(node, f"{expected}, got {_told(node)}", f"`kzoo list {kind}` shows the names.")
            return
        if not isinstance(name.value, str):
            self.wrong(
                name, f"expected the name of {_a(kind)}, got {_told(name)}", f"`kzoo list {kind}` shows them."
            )
            return
        try:
            card = catalogue().find(kind, name.value)
        except KzooError as error:
            self.problems += [name.at.problem(each.message, each.hint) for each in error.problems]
            return
        if card.refuses_recipes():
            self.wrong(name, f"a recipe can't name {kind} '{card.name}': {card.refuses_recipes()}")
            return
        arguments = node.value if isinstance(node.value, dict) else {}
        given = {key: child for key, child in arguments.items() if key not in ("name", *(besides or ()))}
        self.arguments(node, card, given, besides or [])

    def arguments(self, node: Node, card: Card, given: dict[str, Node], besides: list[str]) -> None:
        signature = card.parameters()
        for key, child in given.items():
            parameter = signature.parameters.get(key) if signature else None
            if parameter is not None:
                self.argument(child, card, parameter)
            elif signature and key not in common_arguments(card.kind, signature.open):
                known = [each for each in signature.parameters if each != "name"] + besides
                self.unknown_key(node, key, f"argument of {card.kind} '{card.full_name}':", known)
                self.point_to_richer(card, key)
            elif signature is None:
                self.nested(child, key, card.kind)
        if signature:
            missing = signature.missing({*given, *FILLED, *card.fills, *card.bound, "name"})
            for key in missing:
                self.problems.append(node.key_place.problem(f"{card.kind} '{card.full_name}' needs '{key}'"))

    def point_to_richer(self, card: Card, key: str) -> None:
        """Where Keras's part lacks the argument and kzoo has a richer one of that name, says so."""
        for name in (card.name, *card.aliases):
            richer = f"kzoo/{name}"
            if card.package == "keras" and catalogue().has(card.kind, richer):
                signature = catalogue().find(card.kind, richer).parameters()
                if signature and key in signature.parameters:
                    last = self.problems.pop()
                    hint = f"'{richer}' takes it."
                    self.problems.append(
                        Problem(last.message, last.file, last.line, last.column, hint, last.excerpt)
                    )
                    return

    def argument(self, node: Node, card: Card, parameter: Parameter) -> None:
        if (
            parameter.name in card.paths
            and isinstance(node.value, str)
            and card.kind not in ("dataset", "callback")
        ):
            self.wrong(
                node, f"a recipe can't name a file here: '{parameter.name}' of {card.kind} '{card.name}'"
            )
            return
        if self.nested(node, parameter.name, card.kind):
            return
        expected = parameter.expects()
        value = node.value
        if not expected or expected == "text" or (value is None and parameter.accepts_none()):
            return
        if expected == "numeric":
            if isinstance(value, (str, bool, dict)):
                self.plain_value(node, parameter.name, "number")
            return
        self.plain_value(node, parameter.name, expected)

    def nested(self, node: Node, key: str, of_kind: str) -> bool:
        """Checks an argument that holds another part; says whether it was one."""
        kind = kind_of_argument(key, of_kind)
        if kind is None or node.value is None:
            return False
        if isinstance(node.value, list) and (kind != "schedule" or key == "schedules"):
            for each in node.value:
                self.nested_one(each, key, kind)
        else:
            self.nested_one(node, key, kind)
        return True

    def nested_one(self, node: Node, key: str, kind: str) -> None:
        a_name = isinstance(node.value, str) and not re.fullmatch(r"[-+\d.eE]+", node.value)
        if kind == "schedule" and not isinstance(node.value, dict) and not a_name:
            self.plain_value(node, key, "number")
        elif kind == "model":
            self.model(node)
        else:
            self.spec(node, kind)


def _fits(value: Any, expected: str) -> bool:
    if expected == "boolean":
        return isinstance(value, bool)
    if expected == "string":
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) if expected == "integer" else isinstance(value, (int, float))


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"


def _told(node: Node) -> str:
    """A value as an error message shows it."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return f"the text '{node.value}'" if isinstance(node.value, str) else repr(node.value)
