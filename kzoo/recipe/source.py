"""YAML text to a tree in which every key and value knows where it stands.

Only data comes out: YAML 1.2's plain types, no tags, no code. Bombs are refused before they go off.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import ruamel.yaml
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from kzoo.problems import KzooError, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 100
MAX_VALUES = 10_000

Value = Any  # dict[str, Node] | list[Node] | str | int | float | bool | None


@dataclasses.dataclass(frozen=True)
class Place:
    """Where something stands: in a file, or in an override on the command line.

    Args:
        file: The file's path as it was given.
        line: From 1.
        column: From 1.
        excerpt: The whole line.
    """

    file: str
    line: int = 1
    column: int = 1
    excerpt: str = ""

    def problem(self, message: str, hint: str = "") -> Problem:
        """A problem that stands here."""
        return Problem(message, self.file, self.line, self.column, hint, self.excerpt)


@dataclasses.dataclass(frozen=True)
class Node:
    """A value of a recipe, where it stands, and where its key stands."""

    value: Value
    at: Place
    key_at: Place | None = None

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def get(self, key: str) -> Node | None:
        """The child under a key, if this is a mapping that has it."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    @property
    def key_place(self) -> Place:
        return self.key_at or self.at


def read_file(path: Path) -> tuple[Node, str]:
    """Reads a recipe file.

    Returns:
        The tree, and the text as it was.

    Raises:
        KzooError: If it can't be read, is too large, or isn't YAML.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise KzooError(
                Problem(f"a recipe has at most {MAX_BYTES:,} bytes, this one {size:,}", str(path), 1, 1)
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise KzooError(Problem(f"can't read the recipe: {error.strerror}", str(path))) from None
    except UnicodeDecodeError as error:
        raise KzooError(
            Problem(f"a recipe is UTF-8 text; byte {error.start} is not", str(path), 1, 1)
        ) from None
    return read_text(text, str(path)), text


def read_text(text: str, file: str, start: Place | None = None) -> Node:
    """Reads YAML text.

    Args:
        text: The text.
        file: What to call it in problems.
        start: Where the text begins, for a piece of a command line.
    """
    places = _Places(text, file, start)
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    try:
        _refuse_bombs(yaml, text, places)
        root = ruamel.yaml.YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise KzooError(_syntax_problem(error, places)) from None
    except YAMLError as error:
        raise KzooError(places.at(0, 0).problem(f"not YAML: {error}".splitlines()[0])) from None
    except RecursionError:
        raise KzooError(places.at(0, 0).problem(f"nested more than {MAX_DEPTH} levels deep")) from None
    reader = _Reader(places)
    tree = Node(None, places.at(0, 0)) if root is None else reader.node(root, 0)
    if reader.problems:
        raise KzooError(reader.problems)
    return tree


def _refuse_bombs(yaml: ruamel.yaml.YAML, text: str, places: _Places) -> None:
    """Counts without composing; of a hostile file only the first part is looked at."""
    depth = count = 0
    for event in yaml.parse(text):
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, (ScalarEvent, AliasEvent)):
            count += 1
        if depth > MAX_DEPTH or count > MAX_VALUES:
            limit = f"{MAX_DEPTH} levels deep" if depth > MAX_DEPTH else f"{MAX_VALUES:,} values"
            mark = event.start_mark
            raise KzooError(places.at(mark.line, mark.column).problem(f"a recipe has at most {limit}"))


def _syntax_problem(error: MarkedYAMLError, places: _Places) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = places.at(mark.line, mark.column) if mark else places.at(0, 0)
    message = str(error.problem or error.context or "not YAML").strip()
    hint = ""
    if "\t" in place.excerpt:
        message, hint = "a tab where YAML wants spaces", "Indent with spaces; two a level are usual."
    elif "mapping values are not allowed" in message:
        hint = "Two colons in one line, or a wrong indentation? Quote a text that holds `: `."
    elif "expected a single document" in message:
        hint = "A recipe is one document: leave the `---` out."
    return place.problem(message, hint)


class _Places:
    """Turns the marks of the YAML reader, which count from 0, into places."""

    def __init__(self, text: str, file: str, start: Place | None):
        self.lines, self.file, self.start = text.splitlines(), file, start

    def at(self, line: int, column: int) -> Place:
        if self.start:
            shifted = self.start.column + (column if line == 0 else 0)
            return dataclasses.replace(self.start, column=shifted)
        excerpt = self.lines[line] if line < len(self.lines) else ""
        return Place(self.file, line + 1, column + 1, excerpt[:200])


class _Reader:
    """Makes the tree from composed nodes, expanding aliases, counting as it goes."""

    def __init__(self, places: _Places):
        self.places, self.count, self.problems = places, 0, list[Problem]()
        self.constructor = ruamel.yaml.YAML(typ="safe", pure=True).constructor

    def node(self, composed: Any, depth: int, key_at: Place | None = None) -> Node:
        at = self._place(composed)
        self.count += 1
        if self.count > MAX_VALUES or depth > MAX_DEPTH:
            limit = f"{MAX_DEPTH} levels deep" if depth > MAX_DEPTH else f"{MAX_VALUES:,} values"
            raise KzooError(at.problem(f"a recipe has at most {limit}, its aliases expanded"))
        if isinstance(composed, MappingNode):
            return Node(self._mapping(composed, depth), at, key_at)
        if isinstance(composed, SequenceNode):
            self._refuse_tag(composed, "tag:yaml.org,2002:seq")
            return Node([self.node(each, depth + 1) for each in composed.value], at, key_at)
        return Node(self._scalar(composed, at), at, key_at)

    def _mapping(self, composed: MappingNode, depth: int) -> dict[str, Node]:
        children: dict[str, Node] = {}
        self._refuse_tag(composed, "tag:yaml.org,2002:map")
        for key, value in composed.value:
            place = self._place(key)
            name = self._scalar(key, place) if isinstance(key, ScalarNode) else None
            if not isinstance(name, str):
                self.problems.append(
                    place.problem("a key is to be a word", "Quote it if it is meant as text.")
                )
                continue
            if name in children:
                first = children[name].key_place
                self.problems.append(place.problem(f"'{name}' is given twice; first in line {first.line}"))
                continue
            children[name] = self.node(value, depth + 1, place)
        return children

    def _scalar(self, composed: Any, at: Place) -> str | int | float | bool | None:
        tag = str(composed.tag).removeprefix("tag:yaml.org,2002:")
        if tag in ("int", "float", "bool", "null"):
            read = getattr(self.constructor, f"construct_yaml_{tag}")
            try:
                return read(composed)
            except ValueError:
                return str(composed.value)
        if tag not in ("str", "timestamp", "merge", "value"):
            self._refuse_tag(composed, "")
        if tag == "merge":
            self.problems.append(
                at.problem("`<<` is not YAML 1.2", "Use `extends: other.yaml`, or an alias as a value.")
            )
        return str(composed.value)

    def _refuse_tag(self, composed: Any, plain: str) -> None:
        tag = str(composed.tag)
        if tag != plain:
            message = f"a recipe is plain data; the tag {tag.replace('tag:yaml.org,2002:', '!!')} is not read"
            self.problems.append(self._place(composed).problem(message))

    def _place(self, composed: Any) -> Place:
        return self.places.at(composed.start_mark.line, composed.start_mark.column)
