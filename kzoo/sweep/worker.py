"""Works on a study: claims a trial, has it trained, records what came of it, and so on until none is left."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import threading
from collections.abc import Callable
from typing import Any

from kzoo.recipe import load_recipe
from kzoo.sweep.claims import BEAT
from kzoo.sweep.folder import SweepFolder
from kzoo.sweep.objective import measured
from kzoo.sweep.study import Study, values_of
from kzoo.sweep.trainer import Job, Trainer

_LOOK = 1.0  # seconds between two looks whether somebody else's trial has become free


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a trial ended.

    Args:
        number: Its number.
        values: What its axes were.
        said: What its process said.
        went_on: Whether it had been begun before.
    """

    number: int
    values: dict[str, str]
    said: Job
    went_on: bool


class Worker(threading.Thread):
    """One of the workers of this process.

    Args:
        folder: The sweep's folder.
        study: Its study.
        number: Which worker it is.
        ended: Called whenever a trial of it has ended.
        trainer: A process to train with, where one was started already.
    """

    def __init__(
        self,
        folder: SweepFolder,
        study: Study,
        number: int,
        ended: Callable[[Ended], None],
        trainer: Trainer | None = None,
    ):
        super().__init__(name=f"worker-{number}", daemon=True)
        self.folder, self.study, self.ended = folder, study, ended
        log = folder.logs / f"worker-{os.getpid()}-{number}.log"
        self.trainer = trainer or Trainer(log)
        self.trainer.log = log
        self.stopped = threading.Event()
        self.waiting: Callable[[set[int]], None] | None = None
        self.failure: BaseException | None = None
        self.working_on: int | None = None
        self._lost = False

    def run(self) -> None:
        try:
            self._work()
            self.trainer.close()
        except BaseException as error:
            self.failure = error  # raised again by who waits for us

    def stop(self) -> None:
        """Ends it at once. What it was training can be gone on with."""
        self.stopped.set()
        self.trainer.kill()

    def lose(self) -> None:
        """Has it let go of its trial, which another worker took for deserted."""
        self._lost = True
        self.trainer.kill()

    def _work(self) -> None:
        while not self.stopped.is_set():
            trial = self.study.claim()
            if trial is not None:
                self._train(trial)
            elif not (left := self.study.unfinished() - self.study.claims.held):
                return  # nothing is left that others might leave behind
            else:
                if self.waiting is not None:
                    self.waiting(left)
                    self.waiting = None
                self.stopped.wait(_LOOK)

    def _train(self, trial: Any) -> None:
        self.working_on, self._lost = trial.number, False
        frozen = self.study.storage.get_trial(trial._trial_id)
        values, known = values_of(frozen, self.study.plan), set(frozen.intermediate_values)

        def epoch(number: int, value: float) -> bool:
            if number not in known:
                trial.report(value, number)
            return self.study.plan.prune and bool(trial.should_prune())  # it may be of NumPy

        try:
            job = self._job(trial.number, values)
            went_on = (self.folder.runs / job["name"]).exists()
            said = self._with_value(self.trainer.do(job, epoch))
            if not self._lost and not self.stopped.is_set():
                self._record(trial, said)
                self.ended(Ended(trial.number, values, said, went_on))
        finally:
            self.working_on = None
            self.study.claims.release(trial.number)

    def _job(self, number: int, values: dict[str, str]) -> Job:
        plan = self.study.plan
        overrides = plan.overrides(values)
        name = run_name(number, plan.names(values))
        self.folder.logs.mkdir(exist_ok=True)
        backend = load_recipe(self.folder.recipe, overrides, check=False).resolved["run"].get("backend")
        return {
            "kind": "train",
            "recipe": str(self.folder.recipe),
            "overrides": overrides,
            "runs": str(self.folder.runs),
            "name": name,
            "monitor": plan.monitor,
            "backend": backend,
            "plugins": plan.plugins,
            "log": str(self.folder.logs / f"{name}.log"),
        }

    def _with_value(self, said: Job) -> Job:
        """What was said of a finished run, if it has what counts; cells may differ in what they measure."""
        monitor = self.study.plan.monitor
        try:
            if said["kind"] == "done" and math.isnan(measured(said["results"], monitor)):
                return {"kind": "failed", "message": f"{monitor} is nan"}
        except KeyError:
            return {"kind": "failed", "message": f"it has no {monitor}"}
        return said

    def _record(self, trial: Any, said: Job) -> None:
        """Enters the outcome: what a table needs is in the database, wherever the run folder lies."""
        import optuna

        state = optuna.trial.TrialState
        if said["kind"] == "done":
            trial.set_user_attr("results", said["results"])
            value = measured(said["results"], self.study.plan.monitor)
            self._tell(trial, value, state.COMPLETE)
        elif said["kind"] == "pruned":
            trial.set_user_attr("pruned", {"epoch": said["epoch"], "value": said["value"]})
            self._tell(trial, None, state.PRUNED)
        else:
            trial.set_user_attr("failure", said["message"])
            self._tell(trial, None, state.FAIL)

    def _tell(self, trial: Any, value: float | None, state: Any) -> None:
        self.study.claims.beat()
        if trial.number in self.study.claims.held:  # else another worker took it for deserted
            trial.study.tell(trial, value, state=state)


class Heart(threading.Thread):
    """Gives signs of life for all claims of this process; a worker whose claim is lost lets go.

    Args:
        study: The study.
        workers: Those that work for it here.
    """

    def __init__(self, study: Study, workers: list[Worker]):
        super().__init__(name="heart", daemon=True)
        self.study, self.workers, self.stopped = study, workers, threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(BEAT):
            try:
                lost = self.study.claims.beat()
            except (
                Exception
            ):  # a database that is away for a moment; if it stays away, the workers will say so
                continue
            for worker in self.workers:
                if worker.working_on in lost:
                    worker.lose()


def run_name(number: int, names: dict[str, str]) -> str:
    """What a trial's run folder is called.

    >>> run_name(7, {"model.activation": "relu", "seed": "0"})
    '007-relu-0'
    """
    words = [re.sub(r"[^\w.+-]+", "_", each).strip("_") for each in names.values()]
    return "-".join([f"{number:03d}", *words])[:80]
