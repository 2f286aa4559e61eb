"""The study in which Optuna keeps a sweep: one trial for each cell or each try."""

from __future__ import annotations

import contextlib
import importlib.util
import time
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kzoo.problems import KzooError, Problem, nearest, or_list
from kzoo.recipe.axes import Axis, as_text
from kzoo.sweep.plan import Plan, read_plan

_SETTING_UP = -1  # the claim under which trials are entered
_STARTUP = 10  # trials of a search that are drawn at random before what was seen is learned from


def need_optuna() -> None:
    """Says how to get Optuna where it isn't installed."""
    if importlib.util.find_spec("optuna") is None:
        hint = 'pip install "kzoo[sweep]"'
        raise KzooError(Problem("sweeps are kept by Optuna, which is not installed", hint=hint))


class Study:
    """A sweep's study in its database.

    Args:
        plan: What the sweep does.
        name: The sweep's name.
        url: The database.

    Raises:
        KzooError: If there is no such database, or what it needs is missing.
    """

    def __init__(self, plan: Plan, name: str, url: str):
        import optuna

        from kzoo.sweep.claims import Claims

        self.plan, self.name = plan, name
        database = open_storage(url)
        self.storage = optuna.storages.get_storage(database)  # which remembers the trials that have ended
        direction = "maximize" if plan.mode == "max" else "minimize"
        self.optuna = optuna.create_study(
            study_name=name, storage=self.storage, direction=direction, load_if_exists=True
        )
        self.claims = Claims(database.engine, name)

    def enter(self, recipe: Path) -> None:
        """Enters every trial that isn't there yet; those of a search are filled in when they begin.

        Args:
            recipe: The recipe's file; its text is entered too, for machines that don't have it.
        """
        with self._alone():
            there = self.optuna.user_attrs.get("plan")
            if there is not None and not read_plan(there, self.name).same_as(self.plan):
                hint = "Name this one otherwise: --into FOLDER."
                raise KzooError(Problem(f"the database has another sweep called {self.name}", hint=hint))
            if there is None:
                self.optuna.set_user_attr("name", recipe.stem)
                self.optuna.set_user_attr("recipe", recipe.read_text(encoding="utf-8"))
                self.optuna.set_user_attr("plan", self.plan.to_yaml())
            there = len(self.trials())
            for number in range(there, self.plan.size):
                self.optuna.enqueue_trial(self._cell(number))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        while not self.claims.take(_SETTING_UP):
            time.sleep(0.2)
        try:
            yield
        finally:
            self.claims.release(_SETTING_UP)

    def _cell(self, number: int) -> dict[str, Any]:
        if self.plan.trials:
            return {}
        texts = (as_text(each.value.plain()) for each in self.plan.cells[number])
        return {axis.key: text for axis, text in zip(self.plan.axes, texts)}

    def trials(self) -> list[Any]:
        """All trials as the database has them, by number."""
        return self.optuna.get_trials(deepcopy=False)

    def claim(self) -> Any:
        """A trial that nobody works on: begun ones first, else the next.

        Returns:
            The trial, or None if there is none at this moment.
        """
        import optuna

        waiting = optuna.trial.TrialState.WAITING
        unfinished = [each for each in self.trials() if not each.state.is_finished()]
        for each in sorted(unfinished, key=lambda each: (each.state == waiting, each.number)):
            if each.number >= self.plan.size or not self.claims.take(each.number):
                continue
            state = self.storage.get_trial(each._trial_id).state
            if state.is_finished():  # between our look and our claim
                self.claims.release(each.number)
                continue
            if state == waiting:
                self.storage.set_trial_state_values(each._trial_id, optuna.trial.TrialState.RUNNING)
            return self._begun(each)
        return None

    def unfinished(self) -> set[int]:
        """The numbers of the trials that somebody has still to end."""
        return {each.number for each in self.trials() if not each.state.is_finished()}

    def _begun(self, frozen: Any) -> Any:
        """The trial with a sampler of its own: what is drawn follows from its number and from what has ended."""
        import optuna

        seed = zlib.crc32(f"{self.plan.recipe} {frozen.number}".encode())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP, constant_liar=True)
            pruner = optuna.pruners.MedianPruner() if self.plan.prune else optuna.pruners.NopPruner()
            study = optuna.load_study(
                study_name=self.name, storage=self.storage, sampler=sampler, pruner=pruner
            )
            trial = optuna.trial.Trial(study, frozen._trial_id)
            for axis in self.plan.axes:
                _suggest(trial, axis)
        return trial


def values_of(trial: Any, plan: Plan) -> dict[str, str]:
    """What a trial's axes are, as texts; none for one that hasn't begun a search."""
    given = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    return {
        axis.key: given[axis.key] if axis.values else as_text(given[axis.key])
        for axis in plan.axes
        if axis.key in given
    }


def stored(name: str, url: str) -> dict[str, str]:
    """What a database knows of a sweep: its plan, its recipe, and the recipe's name.

    Raises:
        KzooError: If it knows no such sweep.
    """
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = open_storage(url)
    known = [each.study_name for each in optuna.get_all_study_summaries(storage) if "plan" in each.user_attrs]
    if name not in known:
        near = nearest(name, known)
        hint = f"Did you mean {or_list(near)}?" if near else f"It knows {', '.join(known) or 'none'}."
        raise KzooError(Problem(f"no sweep '{name}' in {hidden(url)}", hint=hint))
    return dict(optuna.load_study(study_name=name, storage=storage).user_attrs)


def open_storage(url: str) -> Any:
    """A database that Optuna keeps studies in.

    Raises:
        KzooError: If it can't be reached, or what it needs is missing.
    """
    import optuna
    import sqlalchemy

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # A file is locked while somebody writes into it: others wait.
    connect = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return optuna.storages.RDBStorage(url, engine_kwargs=connect)
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        what = " ".join(str(getattr(error, "orig", None) or error).split())
        hint = "For instance postgresql+psycopg://user@host/database; its driver is a package of its own."
        raise KzooError(Problem(f"can't use the database {hidden(url)}: {what}", hint=hint)) from None


def _suggest(trial: Any, axis: Axis) -> None:
    span = axis.span
    if span is None:
        trial.suggest_categorical(axis.key, list(axis.texts))
    elif span.whole:
        trial.suggest_int(axis.key, int(span.first), int(span.last), step=int(span.step or 1), log=span.log)
    else:
        trial.suggest_float(axis.key, span.first, span.last, step=span.step, log=span.log)


def hidden(url: str) -> str:
    """A database's address without its password."""
    import sqlalchemy

    try:
        return sqlalchemy.make_url(url).render_as_string(hide_password=True)
    except sqlalchemy.exc.ArgumentError:
        return url
