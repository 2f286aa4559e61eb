"""What several verbs share: their options, and bringing in the user's own parts."""

from __future__ import annotations

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


def quiet_backends() -> None:
    """Keeps the start-up chatter of TensorFlow and XLA off the terminal, unless it was asked for."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")


def prepare(recipe: Any) -> None:
    """Before Keras is imported for a recipe: quiet, and on the backend that it names."""
    from kzoo.build.backend import use_backend

    quiet_backends()
    use_backend(recipe.resolved["run"].get("backend"))
