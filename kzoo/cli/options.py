"""What several verbs share: their options, and bringing in the user's own parts."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kzoo.registry.local_parts import load_plugin_file, load_working_folder_plugins

as_json = click.option("--json", "as_json", is_flag=True, help="Print for a program.")
runs_folder = click.option(
    "--runs", default="runs", show_default=True, type=click.Path(path_type=Path), help="The folder for runs."
)
plugin_files = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A Python file of yours that registers parts. It is run.",
)


def print_json(value: Any) -> None:
    """Prints a value for a program."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def bring_own_parts(plugins: tuple[Path, ...] = ()) -> None:
    """Runs the plug-in files given, and the modules that the working folder's pyproject.toml names."""
    load_working_folder_plugins(Path.cwd())
    for path in plugins:
        load_plugin_file(path)


@contextlib.contextmanager
def quiet_backends() -> Iterator[None]:
    """Keeps the chatter of TensorFlow's C++ start-up off the terminal; its own switch doesn't reach all of it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - it is no path of ours
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def prepare(recipe: Any) -> None:
    """Imports Keras for a recipe, on the backend that it names."""
    from kzoo.build.backend import use_backend

    use_backend(recipe.resolved["run"].get("backend"))
    _import_keras()


def prepare_forecast() -> None:
    """Imports Keras on TensorFlow, whatever the recipe runs on: its graphs say what a step does without doing it."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    # Nothing is computed: a GPU may have better things to do.
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    _import_keras()


def _import_keras() -> None:
    with quiet_backends():
        import keras  # noqa: F401
        import tensorflow  # noqa: F401 - tf.data feeds every backend
