"""The callbacks of a recipe: what they watch, and where they may write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import keras

from kzoo.build.filling import filled
from kzoo.build.parts import get
from kzoo.build.placing import Problems
from kzoo.problems import KzooError
from kzoo.recipe import Recipe
from kzoo.registry import Card, catalogue


def make_callbacks(
    recipe: Recipe, known: dict[str, Any], validated: bool, folder: Path, notes: list[str]
) -> list[keras.callbacks.Callback]:
    """The callbacks that a recipe names.

    Args:
        recipe: The recipe.
        known: What is filled in where a callback asks for it.
        validated: Whether there is validation data to watch.
        folder: The run folder: a callback that writes files writes them there and nowhere else.
        notes: Here is written what the recipe left open.

    Raises:
        KzooError: If a callback refuses its arguments, or would write outside of the folder.
    """
    problems, callbacks = Problems(recipe), []
    for index, spec in enumerate(recipe.resolved["fit"]["callbacks"]):
        with problems.at("fit", "callbacks", index):
            spec = {"name": spec} if isinstance(spec, str) else dict(spec)
            card = catalogue().find("callback", spec["name"])
            _watch_training(spec, card, validated, notes)
            spec |= {
                key: str(_inside(folder, key, path)) for key, path in _paths(spec, card) if path is not None
            }
            callbacks.append(get("callback", filled("callback", spec, known)))
    problems.raise_any()
    return callbacks


def _watch_training(spec: dict[str, Any], card: Card, validated: bool, notes: list[str]) -> None:
    """Has a callback that would watch validation data watch the training instead, where there is none."""
    signature = card.parameters()
    parameter = signature.parameters.get("monitor") if signature else None
    if parameter and not validated and "monitor" not in spec and str(parameter.default).startswith("val_"):
        spec["monitor"] = str(parameter.default).removeprefix("val_")
        notes.append(f"{card.name} watches '{spec['monitor']}': there is no validation data")
    if not validated and "watched_batches" in card.fills.values():
        notes.append(f"{card.name} looks at the training data: there is no validation data")


def _paths(spec: dict[str, Any], card: Card) -> Iterator[tuple[str, Any]]:
    """The arguments that name files, as they are given or by default."""
    signature = card.parameters()
    for key in card.paths:
        parameter = signature.parameters.get(key) if signature else None
        default = parameter.default if parameter and isinstance(parameter.default, str) else None
        yield key, spec.get(key, default)


def _inside(folder: Path, key: str, path: Any) -> Path:
    pure = PurePath(str(path))
    if pure.is_absolute() or ".." in pure.parts:
        raise KzooError(f"'{key}' is to be a path inside the run folder, got '{path}'")
    return folder / pure
