"""The public face: what `kzoo.<name>` is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kzoo.recipe import Recipe, load_recipe
from kzoo.registry import Card, catalogue, register

__all__ = [
    "card",
    "create_model",
    "find",
    "get",
    "load_model",
    "load_recipe",
    "load_run",
    "names",
    "register",
    "train",
]


def names(kind: str, pattern: str = "*", *, tag: str | None = None) -> list[str]:
    """The names of all parts of a kind.

    Args:
        kind: Which sort of part: `activation`, `loss`, `model` …
        pattern: A shell pattern such as `"resnet*"`; aliases count too.
        tag: Only parts whose card has this tag.

    Returns:
        The names, sorted; `package/name` where the bare name is another part's.

    Raises:
        KzooError: If there is no such kind.

    >>> import kzoo
    >>> kzoo.names("loss", "smooth*")
    ['smooth_l1']
    """
    return catalogue().names(kind, pattern, tag)


def card(kind: str, name: str) -> Card:
    """A part's entry in the catalogue.

    Args:
        kind: Which sort of part.
        name: Its name, an alias or its full name, in any spelling.

    Raises:
        KzooError: If the kind or the name is unknown; the nearest names are given.

    >>> import kzoo
    >>> kzoo.card("loss", "SmoothL1").full_name
    'kzoo/smooth_l1'
    """
    return catalogue().find(kind, name)


def find(foreign: str) -> list[Card]:
    """The parts that are the same thing as something elsewhere.

    Args:
        foreign: A dotted name such as `torch.nn.SmoothL1Loss`, `tfa.…`, `timm.…` or `optax.…`.

    Returns:
        Their cards; none if the catalogue doesn't know the name.

    >>> import kzoo
    >>> [card.name for card in kzoo.find("torch.nn.SmoothL1Loss")]
    ['smooth_l1']
    """
    return catalogue().find_foreign(foreign)


def get(kind: str, spec: Any, **arguments: Any) -> Any:
    """A part, ready for Keras.

    Args:
        kind: Which sort of part.
        spec: Its name, or a mapping with `name` and arguments. An object is returned as it is.
        **arguments: More arguments; they win over those of the mapping.

    Returns:
        A Keras object: a loss, an optimizer, a layer, a function for most activations, a dataset's
        `kzoo.data.Source` …

    Raises:
        KzooError: If the name or an argument is unknown, or the part refuses its arguments.

    >>> import kzoo
    >>> kzoo.get("loss", "smooth_l1", beta=0.5).beta
    0.5
    """
    from kzoo.build.parts import get as build_part

    return build_part(kind, spec, **arguments)


def create_model(
    name: str,
    num_classes: int | None = None,
    input_shape: tuple[int, ...] | None = None,
    *,
    remat: bool = False,
    **arguments: Any,
) -> Any:
    """A model by name.

    Args:
        name: The model's name, see `kzoo list model`.
        num_classes: How many classes it tells apart; 0 for the features before the head.
        input_shape: Shape of one input, height × width × channels for pictures.
        remat: Whether training keeps few activations and computes the others again: less memory, a third to a
            half more time. A file doesn't remember it.
        **arguments: What else the model takes, such as `activation="mish"`; None leaves its default.

    Returns:
        A `keras.Model` whose outputs are logits.

    Raises:
        KzooError: If the name or an argument is unknown, or `remat` finds no graph of layers to work on.

    >>> import kzoo
    >>> kzoo.create_model("lenet5", num_classes=10, input_shape=(28, 28, 1)).output_shape
    (None, 10)
    """
    if arguments.get("features_only") is False:
        del arguments["features_only"]  # what every model does without being asked
    given = {"num_classes": num_classes, "input_shape": input_shape, **arguments}
    model = get("model", name, **{key: value for key, value in given.items() if value is not None})
    if remat:
        from kzoo.models.rematerialization import rematerialize

        rematerialize(model)
    return model


def load_model(path: str | Path, **arguments: Any) -> Any:
    """A model from a `.keras` file, with the parts of kzoo and of installed plug-ins that it names.

    Args:
        path: The file.
        **arguments: As `keras.saving.load_model` takes them. `safe_mode` stays on unless switched off.
    """
    import keras

    return keras.saving.load_model(path, **arguments)


def train(recipe: Any, *, runs: str | Path = "runs", verbose: bool = True) -> Any:
    """Trains what a recipe describes and leaves a run folder behind.

    Args:
        recipe: From `kzoo.load_recipe`, or a path or name that it takes.
        runs: The folder in which the run's own folder is made.
        verbose: Whether progress is shown.

    Returns:
        The `Run`: `run.path`, `run.model`, `run.results`.

    Raises:
        KzooError: With everything that is wrong with the recipe or its data.
    """
    from rich.console import Console

    from kzoo.build.backend import use_backend

    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    use_backend(recipe.resolved["run"].get("backend"))
    from kzoo.training.train import train as train_recipe

    return train_recipe(recipe, runs, Console() if verbose else None)


def load_run(path: str | Path) -> Any:
    """A finished or interrupted run, from its folder: model, recipe, results.

    Raises:
        KzooError: If the folder isn't a run.
    """
    from kzoo.runs import load_run as load

    return load(path)
