"""A run folder: made whole, never reused, enough to rebuild the run from."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from kzoo.problems import KzooError, Problem, nearest
from kzoo.recipe import Recipe, load_recipe
from kzoo.runs.files import write_json, write_whole


class Run:
    """One training and all that it left behind.

    Args:
        path: Its folder.
    """

    def __init__(self, path: Path):
        self.path = path

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe as it was resolved."""
        return load_recipe(self.path / "resolved.yaml")

    @functools.cached_property
    def model(self) -> Any:
        """The trained `keras.Model`.

        Raises:
            KzooError: If the run hasn't finished.
        """
        file = self.path / "model.keras"
        if not file.is_file():
            hint = f"Finish it: kzoo train --resume {self.path}"
            raise KzooError(
                Problem("the run has no model yet: it was interrupted", str(self.path), hint=hint)
            )
        from kzoo.build.backend import use_backend

        use_backend(self.recipe.resolved["run"].get("backend"))
        import keras

        return keras.saving.load_model(file)

    @property
    def results(self) -> dict[str, Any]:
        """What was measured at the end; empty if the run hasn't finished."""
        return self._json("results.json")

    @property
    def environment(self) -> dict[str, Any]:
        """What it ran on."""
        return self._json("environment.json")

    @property
    def finished(self) -> bool:
        return (self.path / "results.json").is_file()

    @property
    def pruned(self) -> dict[str, Any]:
        """Where a sweep stopped it, because others did better: `epoch`, `monitor`, `value`; empty if none did."""
        return self._json("pruned.json")

    def say_pruned(self, epoch: int, monitor: str, value: float) -> None:
        """Notes that a sweep stopped it after an epoch; it can still be resumed."""
        write_json(self.path / "pruned.json", {"epoch": epoch, "monitor": monitor, "value": value})

    def _json(self, name: str) -> dict[str, Any]:
        file = self.path / name
        try:
            return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        except ValueError as error:
            raise KzooError(Problem(f"this file of the run can't be read: {error}", str(file))) from None


def new_run(recipe: Recipe, runs: Path, environment: dict[str, Any], name: str | None = None) -> Run:
    """Makes the folder of a new run: there with all that is known at the start, or not at all.

    Args:
        recipe: What will be trained.
        runs: The folder for runs; made if needed.
        environment: From `kzoo.runs.environment.describe`.
        name: Its name; by default the recipe's, with date and time.
    """
    beside = None
    try:
        runs.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=runs))
        beside.chmod(0o755)
        for index, (_, text) in enumerate(recipe.sources):
            write_whole(beside / ("recipe.yaml" if index == 0 else f"recipe.extends-{index}.yaml"), text)
        write_whole(beside / "resolved.yaml", recipe.to_yaml())
        write_json(beside / "environment.json", environment)
    except OSError as error:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)
        raise KzooError(
            Problem(f"can't make a run folder in {runs}: {error.strerror}", hint="--runs DIR")
        ) from None
    started = f"{recipe.name}-{datetime.now():%Y%m%d-%H%M%S}"
    started = name or started
    for number in range(1, 2 if name else 10_000):
        path = runs / (started if number == 1 else f"{started}-{number}")
        try:
            os.rename(beside, path)  # noqa: PTH104 - fails where another run has the name: those are never empty
        except OSError:
            continue
        return Run(path)
    raise KzooError(f"can't make a run folder {runs / started}")


def load_run(path: str | Path) -> Run:
    """A run from its folder; see `kzoo.load_run`."""
    folder = Path(path).expanduser()
    if not (folder / "resolved.yaml").is_file():
        near = nearest(folder.name, [run.path.name for run in all_runs(folder.parent)])
        hint = (
            f"Did you mean {folder.parent / near[0]}?"
            if near
            else "`kzoo runs` lists those of the working folder."
        )
        raise KzooError(Problem(f"not a run folder: {path}", hint=hint))
    return Run(folder)


def all_runs(runs: Path) -> list[Run]:
    """The runs in a folder, oldest first."""
    if not runs.is_dir():
        return []
    paths = [path for path in runs.iterdir() if (path / "resolved.yaml").is_file() and path.name[0] != "."]
    return [Run(path) for path in sorted(paths, key=_started)]


def _started(path: Path) -> tuple[str, int]:
    """Day, time and number of a run, from its name."""
    found = re.search(r"-(\d{8}-\d{6})(?:-(\d+))?$", path.name)
    return (found[1], int(found[2] or 1)) if found else ("", 0)
