"""A recipe: the YAML file of one experiment, read, inherited, overridden and checked."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ruamel.yaml

from kzoo import shipped
from kzoo.problems import KzooError, Problem, nearest
from kzoo.recipe.cells import sweep_problems
from kzoo.recipe.check import problems_of
from kzoo.recipe.fields import SECTIONS, TOP
from kzoo.recipe.merge import COMMAND_LINE, apply_override, lay_over, read_override
from kzoo.recipe.source import Node, read_file
from kzoo.registry import catalogue
from kzoo.registry.published import is_published

_MAX_PARENTS = 20


@dataclasses.dataclass(frozen=True, repr=False)
class Recipe:
    """One experiment as data.

    Args:
        tree: What it says, with every place.
        path: The file it was read from.
        sources: The texts that it was made from, child first.
        overrides: What the command line changed.
        notes: What overriding or inheriting dropped.
    """

    tree: Node
    path: Path
    sources: tuple[tuple[Path, str], ...]
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Recipe({self.name!r}, {str(self.path)!r})"

    @property
    def name(self) -> str:
        name = self.tree.get("name")
        return str(name.value) if name else self.path.stem

    @property
    def resolved(self) -> dict[str, Any]:
        """Plain data with every default filled in and every data path absolute."""
        plain = self.tree.plain()
        plain.pop("extends", None)
        plain.pop("sweep", None)  # one training knows nothing of others
        result: dict[str, Any] = {"name": self.name, "seed": TOP["seed"].default, **plain}
        for section, fields in SECTIONS.items():
            value = result.get(section)
            value = {"name": value} if isinstance(value, str) else dict(value or {})
            for key, field in fields.items():
                if key not in value and field.default is not None:
                    value[key] = field.default
                if field.type == "specs" and not isinstance(value[key], list):
                    value[key] = [value[key]]
            result[section] = value
        for section, key in self.paths():
            node = _node_at(self.tree, (section, key))
            if node and isinstance(node.value, str) and not is_published(node.value):
                result[section][key] = str(self.resolve_path(node))
        return {key: result[key] for key in TOP if key in result}

    def paths(self) -> list[tuple[str, str]]:
        """Where in the recipe files are named: section and key."""
        data = self.tree.get("data")
        name = data if data and isinstance(data.value, str) else _node_at(self.tree, ("data", "name"))
        known = name is not None and catalogue().has("dataset", str(name.value))
        paths = catalogue().find("dataset", name.value).paths if known and name else ()
        return [("model", "weights"), *(("data", key) for key in paths)]

    def resolve_path(self, node: Node) -> Path:
        """A path of the recipe: relative to the file it stands in, on the command line to the working folder."""
        folder = Path() if node.at.file == COMMAND_LINE else Path(node.at.file).parent
        return (folder / Path(node.value).expanduser()).resolve()

    def node(self, *keys: str | int) -> Node:
        """The node at these keys, or the nearest one above it that exists."""
        return _node_at(self.tree, keys, nearest_above=True) or self.tree

    def problem(self, keys: Sequence[str | int], message: str, hint: str = "") -> Problem:
        """A problem that stands at these keys."""
        return self.node(*keys).at.problem(message, hint)

    def to_yaml(self) -> str:
        """The resolved recipe as YAML; reading it gives the same experiment again."""
        yaml = ruamel.yaml.YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
        yaml.allow_unicode = True
        stream = io.StringIO()
        yaml.dump(self.resolved, stream)
        return stream.getvalue()


def _node_at(tree: Node, keys: Sequence[str | int], nearest_above: bool = False) -> Node | None:
    node: Node = tree
    for key in keys:
        child: Node | None = None
        if isinstance(key, int) and isinstance(node.value, list) and key < len(node.value):
            child = node.value[key]
        elif isinstance(key, str):
            child = node.get(key)
        if child is None:
            return node if nearest_above else None
        node = child
    return node


def load_recipe(
    source: str | Path | Mapping[str, Any] | Recipe, overrides: Sequence[str] = (), *, check: bool = True
) -> Recipe:
    """Reads a recipe, with what it extends, and checks it as far as that goes without Keras.

    Args:
        source: A file's path, or the name of a shipped recipe.
        overrides: Changes such as `"fit.epochs=2"`, applied in this order.
        check: Whether to hold it against the catalogue.

    Returns:
        The recipe.

    Raises:
        KzooError: With everything that is wrong, each with file, line and column.

    >>> recipe = load_recipe("mnist_cnn", ["fit.epochs=2"])
    >>> recipe.name, recipe.resolved["fit"]["epochs"]
    ('mnist_cnn', 2)
    """
    path = _find(str(source))
    notes: list[str] = []
    sources: list[tuple[Path, str]] = []
    tree = _read_with_parents(path, sources, notes)
    problems: list[Problem] = []
    for text in overrides:
        try:
            tree = apply_override(tree, read_override(text), notes)
        except KzooError as error:
            problems += error.problems
    if check:
        problems += problems_of(tree)
        problems += sweep_problems(tree, bool(overrides))
    if problems:
        raise KzooError(problems)
    return Recipe(tree, path, tuple(sources), tuple(overrides), tuple(notes))


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with kzoo, by name."""
    return {path.stem: path for path in sorted(shipped.folder("recipes").glob("*.yaml"))}


def _find(source: str) -> Path:
    path = Path(source).expanduser()
    if path.is_file():
        return path
    known = shipped_recipes()
    if source in known:
        return known[source]
    if path.is_dir():
        raise KzooError(
            Problem(f"{source} is a folder, expected a recipe file", hint="A recipe is a YAML file.")
        )
    near = nearest(path.stem, known)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise KzooError(
        Problem(f"no recipe '{source}': no such file, and none of that name is shipped",
                hint=f"{hint}Shipped: {', '.join(known)}.")
    )  # fmt: skip


def _read_with_parents(path: Path, sources: list[tuple[Path, str]], notes: list[str]) -> Node:
    tree, text = read_file(path)
    sources.append((path, text))
    extends = tree.get("extends")
    if extends is None:
        return tree
    if not isinstance(extends.value, str):
        raise KzooError(extends.at.problem(f"extends is to be a path, got {extends.plain()!r}"))
    parent = (path.parent / Path(extends.value).expanduser()).resolve()
    if not parent.is_file():
        near = nearest(parent.name, [each.name for each in parent.parent.glob("*.y*ml")])
        hint = f"Did you mean {near[0]}?" if near else "The path is relative to the recipe that names it."
        raise KzooError(extends.at.problem(f"no such recipe: {parent}", hint))
    if parent in {each.resolve() for each, _ in sources} or len(sources) > _MAX_PARENTS:
        raise KzooError(extends.at.problem(f"{extends.value} extends this recipe in turn: a circle"))
    below = _read_with_parents(parent, sources, notes)
    own = {key: child for key, child in tree.value.items() if key != "extends"}
    if "name" not in own and below.get("name"):
        inherited = {key: child for key, child in below.value.items() if key not in ("name", "extends")}
        below = Node(inherited, below.at)
    return lay_over(below, Node(own, tree.at), notes)
