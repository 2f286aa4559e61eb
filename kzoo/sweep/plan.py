"""What a sweep is to do: the recipe, what varies in it, and what is looked at."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

from kzoo.problems import KzooError, Problem
from kzoo.recipe import Recipe, load_recipe
from kzoo.recipe.axes import Axis, as_text, axes_of, read_axis
from kzoo.recipe.cells import cell_problems, grid, ordered, samples
from kzoo.recipe.merge import Override, apply_override, read_override
from kzoo.recipe.source import read_text

_MOST = 10_000  # cells of a grid
_KEYS = ("recipe", "fixed", "axes", "trials", "prune", "monitor", "mode", "plugins", "storage")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a sweep is to do.

    Args:
        recipe: The recipe as it was named.
        fixed: Overrides that all trials have.
        axes: What varies.
        trials: How many trials a search makes; None for a grid, which makes all there are.
        prune: Whether trials that lag behind are stopped.
        monitor: The measurement that counts: `val_accuracy`, `test_loss` …, or `loss` of the training itself.
        mode: `max` or `min`, whichever is better.
        plugins: The user's files with parts.
        storage: The database; empty for a file in the sweep's folder.
    """

    recipe: str
    fixed: tuple[str, ...]
    axes: tuple[Axis, ...]
    trials: int | None = None
    prune: bool = False
    monitor: str = ""
    mode: str = ""
    plugins: tuple[str, ...] = ()
    storage: str = ""

    @functools.cached_property
    def cells(self) -> tuple[tuple[Override, ...], ...]:
        """The combinations of a grid, in their order; none for a search."""
        return () if self.trials else tuple(grid(self.axes))

    @property
    def size(self) -> int:
        """How many trials there will be."""
        return self.trials or len(self.cells)

    def names(self, values: dict[str, str]) -> dict[str, str]:
        """What people call the values of one trial; lists hold them as texts."""
        named = {axis.key: dict(zip(axis.texts, axis.names)) for axis in self.axes}
        return {key: named.get(key, {}).get(text, text) for key, text in values.items()}

    def overrides(self, values: dict[str, str]) -> tuple[str, ...]:
        """What to say after `kzoo train RECIPE` for one trial."""
        given = [*self.fixed, *(f"{key}={text}" for key, text in values.items())]
        return tuple(each.text for each in ordered([read_override(text) for text in given]))

    def same_as(self, other: Plan) -> bool:
        """Whether two plans mean the same sweep, wherever they are kept."""
        mine, theirs = (dataclasses.replace(each, storage="").to_yaml() for each in (self, other))
        return mine == theirs

    def to_yaml(self) -> str:
        """The plan as it stands in `sweep.yaml`."""
        lines = [f"recipe: {as_text(self.recipe)}", f"fixed: {as_text(list(self.fixed))}", "axes:"]
        lines += [f"  {axis.key}: {axis.span or '[' + ', '.join(axis.texts) + ']'}" for axis in self.axes]
        lines += [f"trials: {as_text(self.trials)}", f"prune: {as_text(self.prune)}"]
        lines += [f"monitor: {self.monitor}", f"mode: {self.mode}", f"plugins: {as_text(list(self.plugins))}"]
        lines += [f"storage: {as_text(self.storage)}"] if self.storage else []
        return "\n".join(lines) + "\n"


def read_plan(text: str, file: str) -> Plan:
    """A plan from the text of `sweep.yaml`.

    Raises:
        KzooError: If it isn't one.
    """
    tree = read_text(text, file)
    plain = tree.plain()
    axes = tree.get("axes")
    if not isinstance(plain, dict) or axes is None or not {"recipe", "monitor", "mode"} <= plain.keys():
        raise KzooError(Problem("this is no plan of a sweep", file))
    values: dict[str, Any] = {key: each for key, each in plain.items() if key in _KEYS}
    values |= {key: tuple(plain.get(key, ())) for key in ("fixed", "plugins")}
    return Plan(**{**values, "axes": tuple(axes_of(axes))})


def make_plan(
    source: str, given: Sequence[str], *, trials: int | None = None, prune: bool = False, **more: Any
) -> tuple[Plan, Recipe]:
    """The plan that a command describes, with every problem of every cell in one pass.

    Args:
        source: A recipe's path, or the name of a shipped one.
        given: `KEY=a,b,c` and `KEY=first..last` vary a key, `KEY=VALUE` sets it. Where nothing varies, the axes that
            the recipe carries do.
        trials: How many trials a search makes; None for a grid.
        prune: Whether trials that lag behind are stopped.
        **more: Other arguments of `Plan`.

    Returns:
        The plan, and the recipe without any of it.

    Raises:
        KzooError: With everything that is wrong.
    """
    recipe = load_recipe(source, check=False)
    axes, problems = list[Axis](), list[Problem]()
    for text in given:
        try:
            axes.append(read_axis(text))
        except KzooError as error:
            problems += error.problems
    keys = [axis.key for axis in axes]
    problems += [
        axis.at.problem(f"{axis.key} is given twice")
        for place, axis in enumerate(axes)
        if axis.key in keys[:place]
    ]
    if problems:
        raise KzooError(problems)
    fixed = [axis for axis in axes if axis.fixed]
    varied = [axis for axis in axes if not axis.fixed] or _carried(recipe, [axis.key for axis in fixed])
    if trials is None:
        varied = _spelled_out(varied)
        if (size := math.prod(len(axis.values) for axis in varied)) > _MOST:
            hint = f"{_MOST:,} are the most. --trials N searches among them."
            raise KzooError(Problem(f"this grid has {size:,} cells", hint=hint))
    elif trials < 1:
        raise KzooError(f"--trials takes a number from 1, got {trials}")
    if found := _problems(recipe, fixed, varied, trials):
        raise KzooError(found)
    told = tuple(f"{axis.key}={axis.texts[0]}" for axis in fixed)
    return Plan(source, told, tuple(varied), trials, prune, **more), recipe


def _carried(recipe: Recipe, without: list[str]) -> list[Axis]:
    """The axes that stand in the recipe."""
    section = recipe.tree.get("sweep")
    axes = [axis for axis in axes_of(section) if axis.key not in without] if section else []
    if not axes:
        hint = "For instance seed=0,1,2, or model.activation=relu,mish. A recipe's `sweep:` can say it too."
        raise KzooError(Problem("nothing varies: a sweep wants KEY=a,b,c", hint=hint))
    return axes


def _spelled_out(axes: Sequence[Axis]) -> list[Axis]:
    spelled, problems = list[Axis](), list[Problem]()
    for axis in axes:
        try:
            spelled.append(axis.spelled_out())
        except KzooError as error:
            problems += error.problems
    if problems:
        raise KzooError(problems)
    return spelled


def _problems(recipe: Recipe, fixed: list[Axis], varied: list[Axis], trials: int | None) -> list[Problem]:
    """What is wrong with any cell. A search is tried at the ends of what it spans."""
    same = [axis.values[0] for axis in fixed]
    found: dict[Problem, None] = {}
    for overrides in samples(varied) if trials else grid(varied):
        found |= dict.fromkeys(cell_problems(recipe.tree, [*same, *overrides]))
    return list(found)


def notes_of(plan: Plan, recipe: Recipe) -> list[str]:
    """What of the recipe some cells drop, because they name another part."""
    notes: list[str] = []
    fixed = [read_override(text) for text in plan.fixed]
    for overrides in samples(plan.axes):
        tree = recipe.tree
        for override in ordered([*fixed, *overrides]):
            tree = apply_override(tree, override, notes)
    return list(dict.fromkeys(notes))
