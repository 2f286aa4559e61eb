"""Trains a recipe, from the beginning or from where it was interrupted."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from kzoo.build.dry_run import dry_run
from kzoo.build.experiment import Experiment, build
from kzoo.build.hosts import agree, run_of_first, wait_for_all
from kzoo.problems import KzooError, Problem
from kzoo.recipe import Recipe, load_recipe
from kzoo.runs import Run, load_run, new_run
from kzoo.runs.checkpoint import Checkpoints, write_state
from kzoo.runs.environment import describe, versions
from kzoo.runs.files import remove_leftovers, write_json
from kzoo.runs.history import History, Row, read_rows
from kzoo.runs.model_file import save_model
from kzoo.training.cause import explained
from kzoo.training.diagnostics import DiagnosticsFile
from kzoo.training.evaluate import evaluate
from kzoo.training.failures import failures_explained
from kzoo.training.interruption import Interruption
from kzoo.training.keeper import Keeper
from kzoo.training.nonfinite import NonFinite, StopAtNonFinite
from kzoo.training.position import Position
from kzoo.training.predictions import leave_report
from kzoo.training.progress import ProgressReport


def train(
    recipe: Recipe,
    runs: str | Path = "runs",
    console: Console | None = None,
    *,
    name: str | None = None,
    more: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Trains a recipe in a new run folder; see `kzoo.train`.

    Args:
        recipe: The recipe.
        runs: The folder for runs.
        console: Where progress is shown.
        name: What the run folder is called; by default recipe, date and time.
        more: Callbacks that come after all others, when the epoch's checkpoint is on disk.
    """
    # What the recipe says, built, and pushed through once without a number being computed.
    experiment = build(recipe)
    dry_run(experiment)
    # A folder of its own, which one host makes.
    _agree(experiment)
    run = Run(Path())
    if experiment.distribution.first:
        run = new_run(recipe, Path(runs), describe(recipe, experiment.source.fingerprint), name)
        skipped = [{"file": file, "reason": reason} for file, reason in experiment.source.skipped]
        if skipped:
            write_json(run.path / "skipped_files.json", skipped)
    if experiment.distribution.hosts > 1:
        run = Run(run_of_first(run.path))
    with experiment.distribution.running():
        return _finish(experiment, run, None, console, more)


def resume(
    path: str | Path,
    console: Console | None = None,
    checkpoint: str | None = None,
    *,
    more: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Goes on with an interrupted run, from its last checkpoint to the same end.

    Args:
        path: The run folder.
        console: Where progress is shown.
        checkpoint: Go on from this one instead, by name: `epoch-00003`. Later ones are set aside.
        more: Callbacks that come after all others, when the epoch's checkpoint is on disk.

    Raises:
        KzooError: If it isn't a run, has finished, its data has changed, or the checkpoint is damaged.
    """
    run = load_run(path)
    if run.finished:
        hint = f"Its results: {run.path / 'results.json'}"
        raise KzooError(Problem("nothing to resume: this run has finished", str(run.path), hint=hint))
    experiment = build(load_recipe(run.path / "resolved.yaml"))
    dry_run(experiment)
    before = run.environment.get("data_fingerprint")
    if before != experiment.source.fingerprint:
        hint = f"Put the data back as it was, or train anew: kzoo train {run.path / 'resolved.yaml'}"
        raise KzooError(
            Problem("the data is not what it was when this run started", str(run.path), hint=hint)
        )
    checkpoints = Checkpoints(run.path / "checkpoints")
    with failures_explained(run):
        if experiment.distribution.first:
            remove_leftovers(run.path)
        saved = checkpoints.newest() if checkpoint is None else checkpoints.named(checkpoint)
    _agree(experiment, checkpoint=saved[1]["checksum"] if saved else "none")
    if experiment.distribution.hosts > 1:
        run_of_first(run.path)
    with experiment.distribution.running():
        return _finish(experiment, run, saved, console, more)


def _agree(experiment: Experiment, **more: str) -> None:
    """Several hosts begin only if they are about to do the same."""
    if experiment.distribution.hosts > 1:
        data = experiment.source.fingerprint
        agree(recipe=experiment.recipe.to_yaml(), data=data, versions=str(versions()), **more)


def _finish(
    experiment: Experiment,
    run: Run,
    saved: Any,
    console: Console | None,
    more: Sequence[keras.callbacks.Callback],
) -> Run:
    console = console or Console(quiet=True)
    with (
        contextlib.ExitStack() as aside,
        Interruption(run.path) as interruption,
        failures_explained(run),
    ):
        folder = run.path
        if not experiment.distribution.first:
            # All hosts do the same, but what isn't the first one's is thrown away.
            folder = Path(aside.enter_context(tempfile.TemporaryDirectory(prefix="kzoo-")))
        done = _train(experiment, run, folder, saved, console, interruption, more)
        if experiment.distribution.hosts > 1:
            wait_for_all()
        return done


def _train(
    experiment: Experiment,
    run: Run,
    folder: Path,
    saved: Any,
    console: Console,
    interruption: Interruption,
    more: Sequence[keras.callbacks.Callback],
) -> Run:
    own = experiment.callbacks(folder)
    _announce(experiment, run, console)
    start = _started(experiment, run, saved, console)
    history = History(folder / "history.csv", start.rows)
    report = _report(experiment, start, console)
    # The recipe's, then ours; the checkpoint last, when all others have seen the epoch.
    position = Position(start.epoch, start.step, experiment.steps_per_epoch)
    diagnostics = DiagnosticsFile(folder / "diagnostics.json", own, start.epoch, console)
    callbacks = [position, *own, diagnostics, StopAtNonFinite(position), history, report]
    if experiment.settings["run"]["tensorboard"]:
        callbacks.append(keras.callbacks.TensorBoard(str(folder / "tensorboard"), write_graph=False))
    checkpoints, minutes = (
        Checkpoints(folder / "checkpoints"),
        experiment.settings["run"]["checkpoint_minutes"],
    )
    callbacks.append(Keeper(checkpoints, position, own, history, interruption, minutes, saved))
    callbacks += more

    began = time.monotonic()
    try:
        if start.stopped or start.epoch >= experiment.epochs:
            _end_training(experiment.model, callbacks)
        else:
            _fit(experiment, start, callbacks)
    except KeyboardInterrupt as error:
        message = f"interrupted; go on with: kzoo train --resume {run.path}"
        raise error if error.args else KeyboardInterrupt(message) from None
    except NonFinite as seen:
        interruption.patient = False  # no state is kept any more
        raise explained(seen, experiment, run) from None
    finally:
        report.close()
    interruption.hurry()
    _leave(experiment, run, folder, history, time.monotonic() - began)
    return run


def _announce(experiment: Experiment, run: Run, console: Console) -> None:
    """Says what there is to know before the first step."""
    for note in (*experiment.recipe.notes, *experiment.source.notes, *experiment.notes):
        console.print(f"note: {note}", highlight=False, soft_wrap=True)
    console.print(f"run: {run.path}", highlight=False, soft_wrap=True)
    if devices := experiment.distribution.described(experiment.settings["data"]["batch_size"]):
        console.print(devices, highlight=False, soft_wrap=True)


@dataclasses.dataclass(frozen=True)
class _Start:
    """Where a training begins.

    Args:
        epoch: With which epoch, from 0.
        step: How many of its steps are done.
        stopped: Whether a callback had ended the training by then.
        rows: The history until then.
    """

    epoch: int = 0
    step: int = 0
    stopped: bool = False
    rows: list[Row] = dataclasses.field(default_factory=list)


def _started(experiment: Experiment, run: Run, saved: Any, console: Console) -> _Start:
    """Puts everything into the state that it starts with: as built, or as it was at a checkpoint."""
    model = experiment.model
    with experiment.distribution.building():
        model.optimizer.build(model.trainable_variables)
    if saved is None:
        return _Start()
    tensors, notes = saved
    write_state(model, tensors, run.path)
    epoch, step = notes["epoch"], notes["step"]
    where = f"in epoch {epoch + 1} after step {step}" if step else f"after epoch {epoch}"
    console.print(f"resuming {where}", highlight=False)
    return _Start(epoch, step, notes["stopped"], read_rows(run.path / "history.csv")[:epoch])


def _report(experiment: Experiment, start: _Start, console: Console) -> ProgressReport:
    size = experiment.settings["data"]["batch_size"]
    begun = start.epoch, start.step
    return ProgressReport(console, experiment.epochs, experiment.steps_per_epoch, size, begun)


def _fit(experiment: Experiment, start: _Start, callbacks: list[keras.callbacks.Callback]) -> None:
    validation = experiment.source.validation
    experiment.model.fit(
        experiment.training_data(start.epoch, start.step),
        epochs=experiment.epochs,
        initial_epoch=start.epoch,
        steps_per_epoch=experiment.steps_per_epoch,
        validation_data=None if validation is None else experiment.evaluation_data(validation),
        callbacks=callbacks,
        shuffle=False,  # the pipeline does that
        verbose=0,
    )


def _end_training(model: keras.Model, callbacks: list[keras.callbacks.Callback]) -> None:
    """What `fit` does after its last epoch, for a run that was killed between that epoch and its results."""
    for callback in callbacks:
        callback.set_model(model)
        callback.on_train_begin()
    model.optimizer.finalize_variable_values(model.trainable_weights)
    for callback in callbacks:
        callback.on_train_end()


def _leave(experiment: Experiment, run: Run, folder: Path, history: History, seconds: float) -> None:
    """Writes what came of it."""
    save_model(experiment.model, folder / "model.keras")
    write_json(folder / "results.json", _results(experiment, run, history, seconds))
    if experiment.distribution.first:
        leave_report(experiment, run)
    vars(run)["model"] = experiment.model


def _results(experiment: Experiment, run: Run, history: History, seconds: float) -> dict[str, Any]:
    last = history.rows[-1] if history.rows else {}
    training = {name: float(value) for name, value in last.items()}
    earlier = sum(float(row["seconds"]) for row in history.rows)
    known = [name for name in training if name not in ("epoch", "learning_rate", "seconds")]
    return {
        "recipe": experiment.recipe.name,
        "run": run.path.name,
        "backend": keras.backend.backend(),
        "epochs": len(history.rows),
        "parameters": experiment.model.count_params(),
        "seconds": max(seconds, earlier),
        "train": {name: training[name] for name in known if not name.startswith("val_")},
        "validation": evaluate(experiment, "validation"),
        "test": evaluate(experiment, "test"),
    }
