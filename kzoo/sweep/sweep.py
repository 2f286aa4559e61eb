"""Runs a sweep, from its beginning or from where it was interrupted: flat, to be read from top to bottom."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kzoo.problems import KzooError, Problem
from kzoo.recipe import load_recipe
from kzoo.recipe.axes import as_text
from kzoo.recipe.cells import samples
from kzoo.sweep.folder import SweepFolder, load_folder, new_folder, one_text
from kzoo.sweep.objective import choose
from kzoo.sweep.plan import Plan, make_plan, notes_of, read_plan
from kzoo.sweep.study import Study, hidden, need_optuna, stored
from kzoo.sweep.trainer import Trainer
from kzoo.sweep.worker import Ended, Heart, Worker


@dataclasses.dataclass
class Sweep:
    """A sweep that is ready to go on.

    Args:
        folder: Its folder.
        study: Its study.
        trainer: A process that has Keras already, where there is one.
        notes: What of the recipe some cells drop.
    """

    folder: SweepFolder
    study: Study
    trainer: Trainer | None = None
    notes: list[str] = dataclasses.field(default_factory=list)


class DatabaseLost(RuntimeError):
    """The database couldn't be reached any more."""


def begin(
    source: str,
    given: Sequence[str],
    *,
    trials: int | None = None,
    prune: bool = False,
    monitor: str = "",
    mode: str = "",
    plugins: Sequence[Path] = (),
    storage: str = "",
    sweeps: Path = Path("sweeps"),
    into: Path | None = None,
) -> Sweep:
    """Makes a new sweep: nothing is trained, but every cell is checked and one is built.

    Args:
        source: A recipe's path, or the name of a shipped one.
        given: What varies and what is set; see `kzoo.sweep.plan.make_plan`.
        trials: How many trials a search makes; None for a grid.
        prune: Whether trials that lag behind are stopped.
        monitor: The measurement that counts; empty for an accuracy where there is one, else the loss.
        mode: `max` or `min`; empty for what Keras thinks.
        plugins: Files of the user's that register parts.
        storage: A database's address; empty for a file in the sweep's folder.
        sweeps: Where its folder is made.
        into: The folder itself. One that is there already must be of the same plan, and is gone on with.

    Raises:
        KzooError: With everything that is wrong.
    """
    need_optuna()
    files = tuple(str(path.resolve()) for path in plugins)
    shown = hidden(storage) if storage else ""
    plan, recipe = make_plan(source, given, trials=trials, prune=prune, plugins=files, storage=shown)
    if into and (into / "sweep.yaml").is_file():
        return _again(plan, monitor, load_folder(into), storage)

    # One cell is built, in a process of its own, for what it measures.
    first = next(iter(plan.cells or samples(plan.axes)))
    values = {axis.key: as_text(each.value.plain()) for axis, each in zip(plan.axes, first)}
    with tempfile.TemporaryDirectory() as passing:
        log = Path(passing) / "probe.log"
        trainer = Trainer(log)
        overrides = plan.overrides(values)
        built = load_recipe(source, overrides)
        job = {"kind": "probe", "recipe": source, "overrides": overrides, "plugins": files, "log": str(log)}
        found = trainer.do({**job, "backend": built.resolved["run"].get("backend")})
    try:
        if found["kind"] != "probed":
            raise KzooError([Problem(**each) for each in found.get("problems", ())] or found["message"])
        monitor, mode = choose(monitor, mode, found["measures"], tuple(found["splits"]), prune)
        # A folder, and a study with all its trials.
        plan = dataclasses.replace(plan, monitor=monitor, mode=mode)
        folder = new_folder(plan, recipe.name, one_text(recipe), sweeps, into)
        sweep = _entered(plan, folder, storage, trainer)
        return dataclasses.replace(sweep, notes=notes_of(plan, recipe))
    except KzooError:
        trainer.close()
        raise


def _again(plan: Plan, monitor: str, folder: SweepFolder, storage: str) -> Sweep:
    """The sweep in a folder that is there already, if it is the one asked for."""
    there = folder.plan
    asked = dataclasses.replace(
        plan, monitor=monitor or there.monitor, mode=there.mode, storage=there.storage
    )
    if asked.to_yaml() != there.to_yaml():
        pairs = zip(asked.to_yaml().splitlines(), there.to_yaml().splitlines())
        other = next(
            (f": {theirs.strip()}, not {ours.strip()}" for ours, theirs in pairs if ours != theirs), ""
        )
        hint = "Name another folder; or `kzoo sweep --resume` goes on with that one as it is."
        raise KzooError(Problem(f"another sweep lies there{other}", str(folder.path), hint=hint))
    return load(folder.path, storage)


def load(path: Path, storage: str = "") -> Sweep:
    """A sweep that was begun, here or elsewhere.

    Args:
        path: Its folder. Where there is none, but a database, the folder is made again from what that knows.
        storage: The database's address, where it isn't in the folder.

    Raises:
        KzooError: If there is no such sweep.
    """
    need_optuna()
    if storage and not (path / "sweep.yaml").exists():
        texts = stored(path.name, storage)
        plan = read_plan(texts["plan"], f"{path.name} in {hidden(storage)}")
        folder = new_folder(plan, texts["name"], texts["recipe"], path.parent, path)
    else:
        folder = load_folder(path)
    plan = folder.plan
    if not storage and "***" in plan.storage:
        hint = "It wants a password: kzoo sweep --resume SWEEP --storage URL."
        raise KzooError(Problem(f"the sweep is kept in {plan.storage}", str(path), hint=hint))
    return _entered(plan, folder, storage or plan.storage, None)


def _entered(plan: Plan, folder: SweepFolder, storage: str, trainer: Trainer | None) -> Sweep:
    study = Study(plan, folder.name, storage or folder.storage)
    study.enter(folder.recipe)
    return Sweep(folder, study, trainer)


def go_on(
    sweep: Sweep,
    workers: int = 1,
    ended: Callable[[Ended], None] = lambda _: None,
    waiting: Callable[[set[int]], None] = lambda _: None,
) -> None:
    """Trains all that is left, until no trial is unfinished anywhere.

    Args:
        sweep: From `begin` or `load`.
        workers: How many processes train at a time.
        ended: Called with each trial that ended here.
        waiting: Called once with the numbers of the trials that others have, when there are no more for us.

    Raises:
        DatabaseLost: If the database can't be reached any more.
        KeyboardInterrupt: If it was interrupted. Nothing is lost: it can be gone on with.
    """
    from sqlalchemy.exc import SQLAlchemyError

    if not sweep.study.unfinished():
        _close(sweep)
        return
    sweep.folder.logs.mkdir(exist_ok=True)
    trainers = [sweep.trainer, *[None] * workers]
    sweep.trainer = None
    crew = [Worker(sweep.folder, sweep.study, number, ended, trainers[number]) for number in range(workers)]
    heart = Heart(sweep.study, crew)
    try:
        for thread in (heart, *crew):
            thread.start()
        for worker in crew:
            while worker.is_alive():
                worker.join(0.2)
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.join(10)
        heart.stopped.set()
    for worker in crew:
        if isinstance(worker.failure, SQLAlchemyError):
            raise DatabaseLost(" ".join(str(worker.failure).splitlines()[:1])) from worker.failure
        if worker.failure is not None:
            raise worker.failure


def _close(sweep: Sweep) -> None:
    if sweep.trainer is not None:
        sweep.trainer.close()
        sweep.trainer = None
