"""The folder of a sweep: made whole, never used twice, enough to go on from."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import ruamel.yaml

from kzoo.problems import KzooError, Problem, nearest
from kzoo.recipe import Recipe
from kzoo.runs.files import write_whole
from kzoo.sweep.plan import Plan, read_plan


class SweepFolder:
    """One sweep and all that it left behind.

    Args:
        path: Its folder.
    """

    def __init__(self, path: Path):
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def plan(self) -> Plan:
        return read_plan(
            (self.path / "sweep.yaml").read_text(encoding="utf-8"), str(self.path / "sweep.yaml")
        )

    @property
    def recipe(self) -> Path:
        """The recipe that all trials override, in one file."""
        files = list((self.path / "recipe").glob("*.yaml"))
        if len(files) != 1:
            raise KzooError(Problem(f"expected one file in recipe/, found {len(files)}", str(self.path)))
        return files[0]

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def storage(self) -> str:
        """The database where none is named."""
        return f"sqlite:///{(self.path / 'study.db').resolve()}"


def new_folder(
    plan: Plan, recipe_name: str, recipe_text: str, sweeps: Path, into: Path | None
) -> SweepFolder:
    """Makes the folder of a new sweep, with all that is known at the start, or none.

    Args:
        plan: What it is to do.
        recipe_name: The recipe's name.
        recipe_text: The recipe in one text, from `one_text`.
        sweeps: The folder for sweeps; made if needed.
        into: The folder itself, where the user names one.
    """
    parent = into.parent if into else sweeps
    try:
        parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    except OSError as error:
        hint = "--sweeps DIR names another place."
        raise KzooError(Problem(f"can't make a folder in {parent}: {error.strerror}", hint=hint)) from None
    beside.chmod(0o755)
    write_whole(beside / "sweep.yaml", plan.to_yaml())
    (beside / "recipe").mkdir()
    write_whole(beside / "recipe" / f"{recipe_name}.yaml", recipe_text)
    started = f"{recipe_name}-{datetime.now():%Y%m%d-%H%M%S}"
    for number in range(1, 2 if into else 10_000):
        path = into or sweeps / (started if number == 1 else f"{started}-{number}")
        try:
            os.rename(beside, path)  # noqa: PTH104 - fails where another sweep has the name: those are never empty
        except OSError:
            continue
        return SweepFolder(path)
    shutil.rmtree(beside)
    hint = "Something else lies there: name another folder."
    raise KzooError(Problem(f"can't make the sweep's folder {into or sweeps / started}", hint=hint))


def load_folder(path: Path) -> SweepFolder:
    """The folder of a sweep that was begun.

    Raises:
        KzooError: If it isn't one.
    """
    if not (path / "sweep.yaml").is_file():
        others = sorted(each.parent.name for each in path.parent.glob("*/sweep.yaml"))
        near = nearest(path.name, others)
        hint = f"Did you mean {path.parent / near[0]}?" if near else "Sweeps lie in the folder sweeps/."
        raise KzooError(Problem(f"not the folder of a sweep: {path}", hint=hint))
    return SweepFolder(path)


def one_text(recipe: Recipe) -> str:
    """A recipe in one text that says the same in any folder: what it extends laid in, paths absolute.

    One that is so already keeps its comments.
    """
    plain = recipe.tree.plain()
    plain.pop("extends", None)
    changed = len(recipe.sources) > 1
    for section, key in recipe.paths():
        absolute = recipe.resolved.get(section, {}).get(key)
        if isinstance(plain.get(section), dict) and plain[section].get(key, absolute) != absolute:
            plain[section][key], changed = absolute, True
    if not changed:
        return recipe.sources[0][1]
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(plain, stream)
    return stream.getvalue()
