"""A card: a part's entry in the catalogue."""

from __future__ import annotations

import dataclasses
import importlib
import re
from typing import Any

from kzoo.problems import KzooError, Problem, nearest
from kzoo.registry.signature import Signature, parse_signature

_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclasses.dataclass(frozen=True)
class Card:
    """What the catalogue knows of one part. docs/cards.md explains each key.

    Args:
        kind: Which sort of part it is.
        name: Its canonical name.
        package: Who brings it: `keras`, `kzoo`, or a plug-in's name.
        target: Where it is defined, `module:attribute`.
        aliases: Other names that find it.
        summary: What it does, in one sentence.
        formula: LaTeX.
        derivative: LaTeX, for activations.
        paper: Where it comes from.
        same_as: Dotted names of the same thing elsewhere.
        differs: What surprises somebody who comes from there.
        tags: Words to list by.
        signature: What it can be called with, as Python writes it.
        recipe: `no: REASON` where a recipe may not name it.
        paths: Arguments that name files.
        fills: Arguments that the recipe fills in, and with what.
        rest: The argument that takes what follows `name/`, for parts that open a door to many.
        arguments: Arguments that the name stands for; whoever gives others wins.
        bound: Arguments that the name itself gave.
        backends: Where it works, if not everywhere.
        range: Infimum and supremum of an activation.
        monotonic: Whether an activation never falls.
        zero_centered: Whether f(-x) = -f(x).
        saturates: Where its derivative goes to 0: `left`, `right`, `both` or `no`.
        smooth: Whether its derivative is continuous.
        elementwise: Whether it maps each number by itself.
        part: The object itself, for parts that a script registered.
    """

    kind: str
    name: str
    package: str
    target: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    formula: str = ""
    derivative: str = ""
    paper: str = ""
    same_as: tuple[str, ...] = ()
    differs: str = ""
    tags: tuple[str, ...] = ()
    signature: str | None = None
    recipe: str = ""
    paths: tuple[str, ...] = ()
    fills: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)
    rest: str = ""
    arguments: dict[str, Any] = dataclasses.field(default_factory=dict, hash=False)
    bound: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)
    backends: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    monotonic: bool | None = None
    zero_centered: bool | None = None
    saturates: str = ""
    smooth: bool | None = None
    elementwise: bool = True
    part: Any = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def full_name(self) -> str:
        return f"{self.package}/{self.name}"

    @property
    def serialized_name(self) -> str:
        """The key under which Keras's files name the part: `package>Attribute`."""
        return f"{self.package}>{self.target.partition(':')[2]}"

    def parameters(self) -> Signature | None:
        """The arguments, where the card lists them."""
        return None if self.signature is None else parse_signature(self.signature)

    def refuses_recipes(self) -> str:
        """Why a recipe may not name this part, or ""."""
        return self.recipe.removeprefix("no:").strip()

    def load(self) -> Any:
        """Imports and returns the part itself: a class or a function."""
        if self.part is not None:
            return self.part
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:
            raise KzooError(
                Problem(
                    f"{self.kind} '{self.full_name}' can't be imported from {self.target}: "
                    f"{type(error).__name__}: {error}",
                    hint="`kzoo doctor --imports` tries every part of every plug-in.",
                )
            ) from error

    def as_json(self) -> dict[str, Any]:
        """The card for a program: every key that is filled in."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "part"
        }
        filled = {key: value for key, value in values.items() if value not in (None, "", (), {})}
        if self.range is not None:
            filled["range"] = [str(end) if abs(end) == float("inf") else end for end in self.range]
        return {"full_name": self.full_name, **filled}


_KEYS = {field.name: field for field in dataclasses.fields(Card)}
for _internal in ("kind", "name", "package", "part", "bound"):
    del _KEYS[_internal]


def card_from_table(kind: str, key: str, table: dict[str, Any], package: str | None = None) -> Card:
    """Makes a card from a table of a TOML file.

    Args:
        kind: The kind of the file or table.
        key: The part's name, `name` or `package/name`.
        table: The table.
        package: Whose card it is; by default the first segment of `target`.

    Raises:
        KzooError: If a key is unknown, missing or of the wrong type.
    """
    prefix, _, name = key.rpartition("/")
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        hint = ", ".join(nearest(unknown[0], _KEYS)) or ", ".join(_KEYS)
        raise KzooError(Problem(f"{kind} '{key}': unknown key '{unknown[0]}'", hint=f"Known: {hint}"))
    target = table.get("target")
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        raise KzooError(f"{kind} '{key}': expected target = \"module:attribute\", got {target!r}")
    values: dict[str, Any] = {}
    for name_of_key, value in table.items():
        values[name_of_key] = _converted(kind, key, name_of_key, value)
    return Card(kind=kind, name=name, package=package or prefix or target.partition(".")[0], **values)


def _converted(kind: str, key: str, field: str, value: Any) -> Any:
    annotation = str(_KEYS[field].type)
    if annotation.startswith("tuple[str"):
        ok = isinstance(value, list) and all(isinstance(each, str) for each in value)
        expected, result = "a list of strings", tuple(value) if ok else None
    elif annotation.startswith("tuple[float"):
        ok = (
            isinstance(value, list)
            and len(value) == 2
            and all(isinstance(each, (int, float)) for each in value)
        )
        expected, result = "a list of two numbers", tuple(map(float, value)) if ok else None
    elif annotation.startswith("dict"):
        ok, expected, result = isinstance(value, dict), "a table", value
    elif annotation.startswith("bool"):
        ok, expected, result = isinstance(value, bool), "true or false", value
    else:
        ok, expected, result = isinstance(value, str), "a string", value
    if not ok:
        raise KzooError(f"{kind} '{key}': {field} is to be {expected}, got {value!r}")
    return result
