"""What recipes differ in by meaning: each part under one name, with its defaults, in any order of keys."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kzoo.problems import KzooError
from kzoo.recipe.fields import DATA, FILLED, SECTIONS
from kzoo.registry import Card, catalogue
from kzoo.registry.kinds import kind_of_argument

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_NO_MEANING = ("name", "extends")  # of the recipe itself


@dataclasses.dataclass(frozen=True)
class Setting:
    """One value of a recipe.

    Args:
        value: The value; a part's canonical name where it names one.
        given: Whether the recipe says it, or it is a default.
        path: Whether it is the name of a file.
    """

    value: Any
    given: bool = True
    path: bool = False

    @property
    def meaning(self) -> Any:
        """What is compared."""
        return _meaning(self.value)


def difference(recipes: Sequence[Mapping[str, Any]], same_data: bool = False) -> dict[str, list[Any]]:
    """What resolved recipes differ in.

    A part's default counts like the same value written out. Where recipes name different parts, what only some of
    them take is shown if a recipe gives it.

    Args:
        recipes: Resolved recipes, as in `resolved.yaml`.
        same_data: Whether their data is known to be the same wherever it lies.

    Returns:
        By dotted key: each recipe's value, None where it has none.

    >>> one = {"compile": {"loss": "mse", "optimizer": "adam"}, "seed": 0}
    >>> two = {"seed": 0.0, "compile": {"optimizer": {"learning_rate": 1e-3, "name": "Adam"}, "loss": "mse"}}
    >>> difference([one, two])
    {}
    >>> two["compile"]["optimizer"] = {"name": "sgd", "momentum": 0.9}
    >>> for key, values in difference([one, two]).items():
    ...     print(key, values)
    compile.optimizer ['adam', 'sgd']
    compile.optimizer.learning_rate [0.001, 0.01]
    compile.optimizer.momentum [None, 0.9]
    """
    flat = [settings_of(each) for each in recipes]
    found = {}
    for key in dict.fromkeys(key for each in flat for key in each):
        there = [each[key] for each in flat if key in each]
        if not any(each.given for each in there) and len(there) < len(flat):
            continue  # a default of a part that not all of them name
        if same_data and any(each.path for each in there):
            continue
        if len(there) < len(flat) or any(each.meaning != there[0].meaning for each in there):
            found[key] = [each[key].value if key in each else None for each in flat]
    return dict(sorted(found.items(), key=lambda item: _section(item[0])))


def _section(key: str) -> int:
    order = ["seed", *SECTIONS]
    first = re.split(r"[.\[]", key)[0]
    return order.index(first) if first in order else len(order)


def settings_of(recipe: Mapping[str, Any]) -> dict[str, Setting]:
    """Every value of a resolved recipe by its dotted key; what is None is left out."""
    found: dict[str, Setting] = {}
    for key, value in recipe.items():
        if key not in _NO_MEANING:
            found |= _section_settings(key, value)
    return {key: setting for key, setting in found.items() if setting.value is not None}


def _section_settings(name: str, section: Any) -> dict[str, Setting]:
    if name == "model" and isinstance(section, Mapping) and "layers" in section:
        return dict(_parts("model.layers", "layer", section["layers"], numbered=True))
    if name == "model":
        return dict(_part(name, "model", section))
    if not isinstance(section, Mapping):
        return {name: Setting(section)}
    found: dict[str, Setting] = {}
    fields = SECTIONS.get(name, {})
    if name == "data":
        fields = DATA
        found |= _part(name, "dataset", {key: each for key, each in section.items() if key not in DATA})
    for key, value in section.items():
        field = fields.get(key)
        if field is None:
            found |= {} if name == "data" else {f"{name}.{key}": Setting(value)}
        elif field.type == "specs":
            # What is done to a batch is done in an order; what is measured or called isn't.
            found |= _parts(f"{name}.{key}", field.kind, value, numbered=key == "augment")
        elif field.type == "spec":
            found |= _part(f"{name}.{key}", field.kind, value)
        else:
            found[f"{name}.{key}"] = Setting(value)
    return found


def _parts(key: str, kind: str, specs: Any, numbered: bool) -> Iterator[tuple[str, Setting]]:
    """Several parts, told apart by their place or by their name."""
    seen: dict[str, int] = {}
    for index, spec in enumerate(specs if isinstance(specs, list) else [specs]):
        if numbered:
            yield from _part(f"{key}[{index}]", kind, spec)
            continue
        name = str(dict(_part("", kind, spec))[""].value)
        seen[name] = seen.get(name, 0) + 1
        yield from _part(f"{key}.{name}" + (f"#{seen[name]}" if seen[name] > 1 else ""), kind, spec)


def _part(key: str, kind: str, spec: Any, given: bool = True) -> Iterator[tuple[str, Setting]]:
    """A part's canonical name and all its arguments."""
    arguments = {} if not isinstance(spec, Mapping) else {str(name): each for name, each in spec.items()}
    name = arguments.pop("name", None) if isinstance(spec, Mapping) else spec
    if not isinstance(name, str):
        yield key, Setting(spec, given)
        return
    try:
        card = catalogue().find(kind, name)
    except KzooError:  # a plug-in's that isn't installed here
        yield key, Setting(name, given)
        yield from ((f"{key}.{each}", Setting(value, given)) for each, value in arguments.items())
        return
    yield key, Setting(catalogue().shown_name(card) if not card.bound else card.name, given)
    for each, value in (_defaults(card) | arguments).items():
        said = given and each in arguments
        inner = kind_of_argument(each, kind)
        if inner and (isinstance(value, str) or (isinstance(value, Mapping) and "name" in value)):
            yield from _part(f"{key}.{each}", inner, value, said)
        elif inner and isinstance(value, list):
            yield from _parts(f"{key}.{each}", inner, value, numbered=True)
        else:
            yield f"{key}.{each}", Setting(value, said, path=each in card.paths)


def _defaults(card: Card) -> dict[str, Any]:
    """What a part takes where nothing is said, as far as the card tells; what the recipe fills in isn't among it."""
    signature = card.parameters()
    filled = {"name", *FILLED, *card.fills, *card.bound}
    own = {
        name: each.default
        for name, each in (signature.parameters if signature else {}).items()
        if not each.required and name not in filled
    }
    return own | card.arguments


def _meaning(value: Any) -> Any:
    """A value so that equal ones compare equal: 1 and 1.0, 10% and 0.1; but not 1 and true."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, str):
        share = _PERCENT.fullmatch(value.strip())
        return float(share[1]) / 100 if share else value
    if isinstance(value, Mapping):
        return {key: _meaning(each) for key, each in value.items()}
    return [_meaning(each) for each in value] if isinstance(value, (list, tuple)) else value
