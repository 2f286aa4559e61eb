"""Collects what goes wrong while parts are made, each at its place in the recipe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from kzoo.problems import KzooError, Problem
from kzoo.recipe import Recipe


class Problems:
    """The problems of one recipe.

    Args:
        recipe: The recipe; it knows the places.
    """

    def __init__(self, recipe: Recipe):
        self.recipe, self.found = recipe, list[Problem]()

    @contextlib.contextmanager
    def at(self, *keys: str | int) -> Iterator[None]:
        """What goes wrong inside is noted as a problem of what stands at these keys."""
        try:
            yield
        except KzooError as error:
            self.found += [self._placed(keys, each) for each in error.problems]
        except (TypeError, ValueError) as error:
            self.found.append(self._placed(keys, Problem(" ".join(str(error).split()))))

    def _placed(self, keys: Sequence[str | int], problem: Problem) -> Problem:
        """At the part, or at that of its arguments which the message quotes."""
        if problem.line:
            return problem
        node = self.recipe.node(*keys)
        if isinstance(node.value, dict):
            for key, child in node.value.items():
                quoted = (f"`{key}`", f"'{key}'", f"{key}=")
                if key != "name" and any(each in problem.message for each in quoted):
                    return child.at.problem(problem.message, problem.hint)
        return node.at.problem(problem.message, problem.hint)

    def raise_any(self) -> None:
        """Raises a KzooError if there is a problem."""
        if self.found:
            raise KzooError(self.found)
