"""The data of a recipe as far as memory asks: the shapes of inputs and targets, without preparing anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kzoo.build.experiment import build_source
from kzoo.build.placing import Problems
from kzoo.data.source import Source, Split
from kzoo.problems import KzooError
from kzoo.recipe import Recipe
from kzoo.recipe.fields import DATA

_STEPS = 10_000  # of an epoch, where nobody knows: schedules want a number


def shapes_of(
    recipe: Recipe, input_shape: Sequence[int] | None = None, num_classes: int | None = None
) -> Source:
    """A recipe's data, or what stands in for it.

    Args:
        recipe: The recipe.
        input_shape: Shape of one input, where the data isn't to be looked at.
        num_classes: How many classes there are then; None for targets that are numbers.

    Returns:
        A source whose shapes are right. That of tfds/… has no examples: what the library knows without them is enough.

    Raises:
        KzooError: If the data can't be looked at.
    """
    settings = recipe.resolved
    data, batch = settings["data"], settings["data"]["batch_size"]
    if input_shape is not None:
        return _stand_in(tuple(input_shape), num_classes, _STEPS * batch)
    if not str(data["name"]).startswith("tfds/"):
        return build_source(recipe, settings)
    from kzoo.data.tfds import facts_of

    own = {key: value for key, value in data.items() if key not in DATA and key != "name"}
    problems = Problems(recipe)
    with problems.at("data"):
        shape, classes, count = facts_of(data["name"].removeprefix("tfds/"), **own)
        return _stand_in(shape, classes, max(count or _STEPS * batch, batch))
    raise KzooError(problems.found)


def _stand_in(shape: tuple[int, ...], classes: int | None, count: int) -> Source:
    return Source(Split(count, stream=_nothing), None, shape, "float32", classes)


def _nothing() -> Any:
    raise RuntimeError("these are shapes without examples")
