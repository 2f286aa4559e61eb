"""Axes of a sweep: `KEY=a,b,c` lists values, `KEY=1e-4..1e-1:log` spans what lies between two numbers."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from kzoo.problems import KzooError, Problem
from kzoo.recipe.merge import COMMAND_LINE, Override, read_override
from kzoo.recipe.source import Node, Place, read_text

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_SPAN = re.compile(rf"({_NUMBER})\.\.({_NUMBER})((?::[^:]*)*)")
_KEY = re.compile(r"\w+(\.\w+|\[\d+\])*")
_PLAIN_WORD = re.compile(r"[A-Za-z_][\w./+\-]*", re.ASCII)
_NOT_WORDS = ("true", "false", "null", "yes", "no", "on", "off")
_MOST = 1000  # values of a span of whole numbers, when each of them is to be tried


@dataclasses.dataclass(frozen=True)
class Span:
    """Numbers between two ends, which count too.

    Args:
        first: The least.
        last: The greatest.
        log: Whether what lies between is spread over powers, not over differences.
        step: The distance of neighbours; None for any number, or 1 for whole ones.
        whole: Whether they are whole numbers.
    """

    first: float
    last: float
    log: bool = False
    step: float | None = None
    whole: bool = False

    def __str__(self) -> str:
        more = ":log" if self.log else f":{self.step}" if self.step is not None else ""
        return f"{self.first}..{self.last}{more}"


@dataclasses.dataclass(frozen=True)
class Axis:
    """A key of the recipe, and what it is to be.

    Args:
        key: Its path, as in an override.
        values: The overrides that give it each of its values; none for a span.
        span: What its values lie between.
        at: Where the axis stands.
    """

    key: str
    values: tuple[Override, ...]
    span: Span | None
    at: Place

    @property
    def fixed(self) -> bool:
        """Whether it has one value only: then it is an override like any other."""
        return len(self.values) == 1

    @property
    def texts(self) -> tuple[str, ...]:
        """Its values as they are written in a command."""
        return tuple(as_text(each.value.plain()) for each in self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """Its values as people call them: a part by its name and those of its arguments that not all have."""
        plain = [each.value.plain() for each in self.values]
        parts = [each if isinstance(each, dict) else {} for each in plain]
        same = {
            key for key, value in parts[0].items() if all(each.get(key) == value for each in parts)
        } if parts else set()  # fmt: skip
        return tuple(_called(each, same) for each in plain)

    def spelled_out(self) -> Axis:
        """The axis with every whole number of its span as a value.

        Raises:
            KzooError: If it spans numbers of which there is no end, or too many.
        """
        if self.span is None:
            return self
        if not self.span.whole or self.span.log:
            hint = "--trials N tries N of them; a grid wants a list of values."
            raise KzooError(self.at.problem(f"{self.key} spans {self.span}: a grid has no end of them", hint))
        values = range(int(self.span.first), int(self.span.last) + 1, int(self.span.step or 1))
        if len(values) > _MOST:
            raise KzooError(self.at.problem(f"{self.key} has {len(values):,} values, at most {_MOST:,} do"))
        return dataclasses.replace(self, values=tuple(self.override(each) for each in values), span=None)

    def override(self, value: Any) -> Override:
        """The override that gives the key a value."""
        return dataclasses.replace(read_override(f"{self.key}={as_text(value)}"), at=self.at)


def read_axis(text: str) -> Axis:
    """Reads `KEY=a,b,c`, `KEY=first..last` with `:log` or `:STEP` behind, or `KEY=VALUE`.

    Commas inside brackets, braces and quotes part nothing.

    Raises:
        KzooError: With everything that is wrong with it.

    >>> read_axis("fit.callbacks=[],[early_stopping]").texts
    ('[]', '[early_stopping]')
    >>> read_axis("compile.optimizer.learning_rate=1e-4..1e-1:log").span
    Span(first=0.0001, last=0.1, log=True, step=None, whole=False)
    """
    key, sign, rest = text.partition("=")
    if not sign or not _KEY.fullmatch(key):
        read_override(text)  # it says what is wrong
    at = Place(COMMAND_LINE, 1, 1, text)
    begin = len(key) + 2
    if _SPAN.fullmatch(rest.strip()):
        return Axis(key, (), _span(rest.strip(), dataclasses.replace(at, column=begin)), at)
    keys, values, problems = tuple(re.findall(r"[^.\[\]]+", key)), list[Override](), list[Problem]()
    for start, piece in _pieces(rest):
        place = dataclasses.replace(at, column=begin + start + len(piece) - len(piece.lstrip()))
        try:
            if not piece.strip() and rest.strip():
                raise KzooError(place.problem("a value is missing here", "Write '' for an empty text."))
            values.append(Override(text, keys, read_text(piece.strip(), COMMAND_LINE, place)))
        except KzooError as error:
            problems += error.problems
    problems += _given_twice(values)
    if problems:
        raise KzooError(problems)
    return Axis(key, tuple(values), None, at)


def axes_of(section: Node) -> list[Axis]:
    """The axes that a mapping of keys to lists or spans describes: a recipe's `sweep:`.

    Raises:
        KzooError: With everything that is wrong with it.
    """
    if not isinstance(section.value, dict):
        message = "sweep is to be a mapping of keys to lists of values"
        raise KzooError(section.at.problem(message, "For instance `model.activation: [relu, mish]`."))
    axes, problems = list[Axis](), list[Problem]()
    for key, node in section.value.items():
        try:
            axes.append(_axis_of(key, node))
        except KzooError as error:
            problems += error.problems
    if problems:
        raise KzooError(problems)
    return axes


def _axis_of(key: str, node: Node) -> Axis:
    at = node.key_place
    if not _KEY.fullmatch(key):
        hint = "For instance compile.optimizer.learning_rate, or data.augment[0].pixels."
        raise KzooError(at.problem(f"'{key}' is not a path of keys", hint))
    if isinstance(node.value, str) and _SPAN.fullmatch(node.value):
        return Axis(key, (), _span(node.value, node.at), at)
    if not isinstance(node.value, list) or not node.value:
        hint = "`[a, b, c]` lists values; `1e-4..1e-1:log` spans what a search chooses from."
        raise KzooError(node.at.problem(f"{key} is to be a list of values", hint))
    keys = tuple(re.findall(r"[^.\[\]]+", key))
    values = [Override(f"{key}={as_text(each.plain())}", keys, each, at) for each in node.value]
    if problems := _given_twice(values):
        raise KzooError(problems)
    return Axis(key, tuple(values), None, at)


def _span(text: str, at: Place) -> Span:
    match = _SPAN.fullmatch(text)
    assert match is not None
    first, last = (float(each) if re.search(r"[.eE]", each) else int(each) for each in match.groups()[:2])
    whole = isinstance(first, int) and isinstance(last, int)
    log, step = False, None
    for more in match.group(3).split(":")[1:]:
        if more == "log":
            log = True
        elif re.fullmatch(_NUMBER, more) and float(more) > 0 and (not whole or more.isdigit()):
            step = int(more) if whole else float(more)
        else:
            raise KzooError(at.problem(f"after {first}..{last} comes :log or a step, got ':{more}'"))
    if not first < last:
        raise KzooError(at.problem(f"{first}..{last} spans nothing: the first is to be the lower one"))
    if log and (first <= 0 or step is not None):
        what = "has no steps" if first > 0 else f"begins above 0, not at {first}"
        raise KzooError(at.problem(f"a span with :log {what}"))
    return Span(first, last, log, step, whole)


def _given_twice(values: Sequence[Override]) -> list[Problem]:
    seen, problems = list[Any](), list[Problem]()
    for each in values:
        text = as_text(each.value.plain())
        if text in seen:
            problems.append(each.value.at.problem(f"{text} is given twice"))
        seen.append(text)
    return problems


def _pieces(text: str) -> Iterable[tuple[int, str]]:
    """What stands between commas that are in no brackets and no quotes, and where."""
    depth, quote, start = 0, "", 0
    for index, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "," and depth <= 0:
            yield start, text[start:index]
            start = index + 1
    yield start, text[start:]


def _called(value: Any, without: set[str]) -> str:
    """What people call a value.

    >>> _called({"name": "leaky_relu", "negative_slope": 0.1}, set()), _called("a b", set())
    ('leaky_relu negative_slope=0.1', 'a b')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        arguments = {key: each for key, each in value.items() if key != "name" and key not in without}
        return " ".join([value["name"], *(f"{key}={as_text(each)}" for key, each in arguments.items())])
    return as_text(value)


def as_text(value: Any) -> str:
    """A value as it is written in a command, so that reading it gives the same value again.

    >>> as_text({"name": "leaky_relu", "negative_slope": 0.1}), as_text([True, None, "1"])
    ('{name: leaky_relu, negative_slope: 0.1}', '[true, null, "1"]')
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_text(key)}: {as_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_text(each) for each in value) + "]"
    if isinstance(value, str):
        bare = _PLAIN_WORD.fullmatch(value) and value.lower() not in _NOT_WORDS
        return value if bare else json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
