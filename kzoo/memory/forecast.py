"""What a step will hold, and of what."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kzoo.recipe import Recipe, load_recipe

PARTS = ("parameters", "gradients", "optimizer", "activations", "copies", "batch", "workspace", "other")
OF_A_LAYER = ("parameters", "gradients", "optimizer", "activations", "copies", "workspace")


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What a step holds at its fullest moment.

    Args:
        recipe: The recipe's name.
        training: Whether the step trains; otherwise it predicts.
        batch_size: Examples in a batch.
        precision: The dtype policy.
        remat: Whether activations are computed again instead of kept, as by run.remat.
        parts: Bytes. `parameters`: all weights, statistics of normalizations too. `gradients`: those that wait for the
            optimizer at that moment. `optimizer`: its variables. `activations`: what the forward pass keeps for the
            backward pass. `copies`: weights in the type that layers compute in. `batch`: inputs and targets.
            `workspace`: what is worked on just then. `other`: metrics and states of random numbers.
        layers: The same for each layer, in the model's order: `layer`, then its parts.
        all_gradients: Bytes of all gradients; that many are there at once where they are clipped by their common norm.
        moment: Which layer is being computed then.
    """

    recipe: str
    training: bool
    batch_size: int
    precision: str
    remat: bool
    parts: dict[str, int]
    layers: list[dict[str, Any]]
    all_gradients: int
    moment: str

    @property
    def total_bytes(self) -> int:
        """Bytes of all parts together."""
        return sum(self.parts.values())

    def as_json(self) -> dict[str, Any]:
        """The numbers, for a program."""
        return {"total_bytes": self.total_bytes, **dataclasses.asdict(self)}


def forecast(
    recipe: Recipe | str | Path,
    *,
    training: bool = True,
    batch_size: int | None = None,
    input_shape: Sequence[int] | None = None,
    num_classes: int | None = None,
) -> Forecast:
    """What one step of a recipe will hold in memory. Nothing of it is allocated, no data is prepared.

    The states of random numbers are those of the recipe's seed afterwards, as when it is built.

    Args:
        recipe: From `kzoo.load_recipe`, or a path or name that it takes.
        training: Whether the step trains; otherwise it predicts.
        batch_size: Examples in a batch; by default the recipe's.
        input_shape: Shape of one input, where the data isn't there to be looked at.
        num_classes: How many classes there are then.

    Returns:
        Bytes, by part and by layer.

    Raises:
        KzooError: With everything that is wrong with the recipe.

    >>> from kzoo.memory import forecast
    >>> found = forecast("digits_quick")
    >>> found.parts["optimizer"] > 2 * found.parts["parameters"]  # two moments a weight, and a counter
    True
    """
    from kzoo.memory.building import forecaster

    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    return forecaster(recipe, training, input_shape, num_classes).at(batch_size)
