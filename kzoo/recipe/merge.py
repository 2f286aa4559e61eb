"""Inheritance and overrides: one tree laid over another.

Naming another part drops the old part's arguments; naming the same one merges. The keys of the data section that are
not arguments of its dataset (batch size, augmentation …) stay in either case.
"""

from __future__ import annotations

import dataclasses
import re

from kzoo.problems import KzooError, fold
from kzoo.recipe.fields import DATA
from kzoo.recipe.source import Node, Place, read_text

COMMAND_LINE = "<command line>"
_SECTIONS_WITHOUT_PART = ((), ("compile",), ("fit",), ("run",), ("sweep",))
Path = tuple[str, ...]


def lay_over(below: Node, above: Node, notes: list[str], path: Path = ()) -> Node:
    """The tree `above` laid over `below`: its values win.

    Args:
        below: The parent recipe, or the recipe so far.
        above: The child recipe, or an override.
        notes: Here is written what was dropped.
        path: The keys that lead here.
    """
    if path not in _SECTIONS_WITHOUT_PART:
        below, above = _as_part(below, above), _as_part(above, below)
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    kept = below.value
    if path not in _SECTIONS_WITHOUT_PART and _names_another(below, above):
        own_keys = DATA if path == ("data",) else {}
        dropped = [key for key in kept if key not in own_keys and key not in ("name", *above.value)]
        kept = {key: child for key, child in kept.items() if key in own_keys}
        if dropped:
            old, new = (_name_of(node) or "the layers" for node in (below, above))
            notes.append(f"{'.'.join(path)}: {new} instead of {old}; dropped {', '.join(dropped)}")
    merged = dict(kept)
    for key, child in above.value.items():
        merged[key] = lay_over(merged[key], child, notes, (*path, key)) if key in merged else child
    return Node(merged, above.at, above.key_at or below.key_at)


def _as_part(node: Node, other: Node) -> Node:
    """A part that is only named, beside one that is written out, is written out too."""
    if isinstance(node.value, str) and isinstance(other.value, dict):
        return Node({"name": Node(node.value, node.at, node.key_at)}, node.at, node.key_at)
    return node


def _name_of(node: Node) -> str | None:
    name = node.get("name")
    return name.value if name and isinstance(name.value, str) else None


def _names_another(below: Node, above: Node) -> bool:
    if "layers" in above.value:
        return "name" in below.value
    new, old = _name_of(above), _name_of(below)
    return new is not None and (old is None or fold(new) != fold(old))


@dataclasses.dataclass(frozen=True)
class Override:
    """`KEY=VALUE` from the command line: a path of keys, and a value."""

    text: str
    keys: tuple[str, ...]
    value: Node
    at: Place | None = None  # where it stands, if that is not the command line

    def place(self, index: int) -> Place:
        """Where the key of this index stands in the text."""
        if self.at is not None:
            return self.at
        starts = [match.start() for match in re.finditer(r"[^.\[\]]+", self.text.partition("=")[0])]
        return Place(COMMAND_LINE, 1, starts[index] + 1, self.text)


def read_override(text: str) -> Override:
    """Reads `compile.optimizer.learning_rate=1e-4` or `data.augment[0].pixels=3`.

    Raises:
        KzooError: If it isn't of that form.

    >>> override = read_override("fit.epochs=2")
    >>> override.keys, override.value.value
    (('fit', 'epochs'), 2)
    """
    path, sign, value = text.partition("=")
    keys = re.findall(r"[^.\[\]]+", path)
    if not sign or not keys or not re.fullmatch(r"\w+(\.\w+|\[\d+\])*", path):
        hint = "For instance fit.epochs=2, or data.augment[0].pixels=3."
        raise KzooError(
            Place(COMMAND_LINE, 1, 1, text).problem("an override is to look like KEY=VALUE", hint)
        )
    start = Place(COMMAND_LINE, 1, len(path) + 2, text)
    return Override(text, tuple(keys), read_text(value, COMMAND_LINE, start))


def apply_override(tree: Node, override: Override, notes: list[str]) -> Node:
    """The recipe with one override laid over it.

    Raises:
        KzooError: If it points into a list that has no such place.
    """
    return _laid_in(tree, override, 0, notes)


def _laid_in(node: Node, override: Override, index: int, notes: list[str]) -> Node:
    key = override.keys[index]
    if isinstance(node.value, list):
        if not key.isdigit() or int(key) >= len(node.value):
            message = f"expected a place in the list, 0 to {len(node.value) - 1}, got '{key}'"
            raise KzooError(override.place(index).problem(message))
        child = node.value[int(key)]
        new = list(node.value)
        last = index + 1 == len(override.keys)
        new[int(key)] = override.value if last else _laid_in(child, override, index + 1, notes)
        return Node(new, node.at, node.key_at)
    step: Node = override.value
    # A list further down needs the place itself; everything else is a small tree laid over this one.
    child_here = node.get(key)
    if (
        child_here is not None
        and index + 1 < len(override.keys)
        and _meets_list(child_here, override.keys[index + 1 :])
    ):
        return Node(
            {**node.value, key: _laid_in(child_here, override, index + 1, notes)}, node.at, node.key_at
        )
    for depth in range(len(override.keys) - 1, index - 1, -1):
        place = override.place(depth)
        step = Node({override.keys[depth]: dataclasses.replace(step, key_at=place)}, place)
    merged = lay_over(node, step, notes, override.keys[:index])
    return dataclasses.replace(merged, at=node.at)


def _meets_list(node: Node | None, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if node is None or isinstance(node.value, list):
            break
        node = node.get(key)
    return node is not None and isinstance(node.value, list) and bool(keys)
