"""Cells of a sweep: every combination of the values of its axes, as overrides of the recipe."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from kzoo.problems import KzooError, Problem
from kzoo.recipe.axes import Axis, axes_of
from kzoo.recipe.check import problems_of
from kzoo.recipe.merge import Override, apply_override
from kzoo.recipe.source import Node


def ordered(overrides: Sequence[Override]) -> tuple[Override, ...]:
    """Overrides in an order in which none undoes another: what names a part goes before the part's arguments.

    >>> from kzoo.recipe.merge import read_override
    >>> given = [read_override("model.activation=mish"), read_override("model.name=resnet20")]
    >>> [each.text for each in ordered(given)]
    ['model.name=resnet20', 'model.activation=mish']
    """
    return tuple(sorted(overrides, key=lambda each: len(each.keys) - (each.keys[-1] == "name")))


def grid(axes: Sequence[Axis]) -> Iterator[tuple[Override, ...]]:
    """Every combination, the last axis changing fastest."""
    return itertools.product(*(axis.values for axis in axes))


def samples(axes: Sequence[Axis]) -> Iterator[tuple[Override, ...]]:
    """Combinations in which each value occurs: the first ones of all axes, and each other one beside those."""
    ends = [axis.values or _ends(axis) for axis in axes]
    first = tuple(values[0] for values in ends)
    yield first
    for place, values in enumerate(ends):
        for other in values[1:]:
            yield (*first[:place], other, *first[place + 1 :])


def _ends(axis: Axis) -> tuple[Override, ...]:
    assert axis.span is not None
    return tuple(axis.override(end) for end in (axis.span.first, axis.span.last))


def cell_problems(tree: Node, overrides: Sequence[Override]) -> list[Problem]:
    """What is wrong with one combination."""
    notes: list[str] = []
    plain = Node({key: child for key, child in tree.value.items() if key != "sweep"}, tree.at)
    try:
        for override in ordered(overrides):
            plain = apply_override(plain, override, notes)
    except KzooError as error:
        return list(error.problems)
    return problems_of(plain)


def sweep_problems(tree: Node, overridden: bool) -> list[Problem]:
    """What is wrong with the axes that a recipe carries: their form, and each of their values.

    Where the recipe is overridden the values aren't looked at: they belong to what it says itself.
    """
    section = tree.get("sweep") if isinstance(tree.value, dict) else None
    if section is None:
        return []
    try:
        axes = axes_of(section)
    except KzooError as error:
        return list(error.problems)
    if overridden:
        return []
    without = problems_of(Node({key: child for key, child in tree.value.items() if key != "sweep"}, tree.at))
    found = [each for overrides in samples(axes) for each in cell_problems(tree, overrides)] if axes else []
    return [each for each in found if each not in without]
