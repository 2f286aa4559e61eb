"""Trains a recipe, from the beginning or from where it was interrupted."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from kzoo.build.dry_run import dry_run
from kzoo.build.experiment import Experiment, build
from kzoo.problems import KzooError, Problem
from kzoo.recipe import Recipe, load_recipe
from kzoo.runs import Run, load_run, new_run
from kzoo.runs.checkpoint import Checkpoints, read_callbacks, read_state, write_callbacks, write_state
from kzoo.runs.environment import describe
from kzoo.runs.files import write_json
from kzoo.runs.history import History, read_rows
from kzoo.training.evaluate import evaluate
from kzoo.training.progress import ProgressReport


def train(recipe: Recipe, runs: str | Path = "runs", console: Console | None = None) -> Run:
    """Trains a recipe in a new run folder; see `kzoo.train`."""
    # What the recipe says, built, and pushed through once without a number being computed.
    experiment = build(recipe)
    dry_run(experiment)
    # A folder of its own.
    run = new_run(recipe, Path(runs), describe(recipe, experiment.source.fingerprint))
    skipped = [{"file": file, "reason": reason} for file, reason in experiment.source.skipped]
    if skipped:
        write_json(run.path / "skipped_files.json", skipped)
    return _finish(experiment, run, None, console)


def resume(path: str | Path, console: Console | None = None) -> Run:
    """Goes on with an interrupted run, from its last whole checkpoint to the same end.

    Args:
        path: The run folder.
        console: Where progress is shown.

    Raises:
        KzooError: If it isn't a run, has finished, or its data has changed.
    """
    run = load_run(path)
    if run.finished:
        hint = f"Its results: {run.path / 'results.json'}"
        raise KzooError(Problem("nothing to resume: this run has finished", str(run.path), hint=hint))
    experiment = build(load_recipe(run.path / "resolved.yaml"))
    before = run.environment.get("data_fingerprint")
    if before != experiment.source.fingerprint:
        hint = "Put the data back as it was, or train anew."
        raise KzooError(
            Problem("the data is not what it was when this run started", str(run.path), hint=hint)
        )
    return _finish(experiment, run, Checkpoints(run.path / "checkpoints").newest(), console)


def _finish(experiment: Experiment, run: Run, saved: Any, console: Console | None) -> Run:
    console = console or Console(quiet=True)
    model, recipe = experiment.model, experiment.recipe
    own = experiment.callbacks(run.path)
    for note in (*recipe.notes, *experiment.source.notes, *experiment.notes):
        console.print(f"note: {note}", highlight=False, soft_wrap=True)
    console.print(f"run: {run.path}", highlight=False, soft_wrap=True)

    # State: as built, or as it was after the last whole epoch.
    model.optimizer.build(model.trainable_variables)
    first_epoch, stopped, rows = 0, False, []
    if saved is not None:
        tensors, notes = saved
        write_state(model, tensors, run.path)
        first_epoch, stopped = notes["epoch"], notes["stopped"]
        rows = read_rows(run.path / "history.csv")[:first_epoch]
        console.print(f"resuming after epoch {first_epoch}", highlight=False)

    # Callbacks: the recipe's, then ours; the checkpoint last, when all others have seen the epoch.
    history = History(run.path / "history.csv", rows)
    report = ProgressReport(
        console, experiment.epochs, experiment.steps_per_epoch, experiment.settings["data"]["batch_size"]
    )
    keeper = _Keeper(Checkpoints(run.path / "checkpoints"), own, saved)
    callbacks = [*own, _StopAtNaN(), history, report, keeper]
    if experiment.settings["run"]["tensorboard"]:
        callbacks.insert(-1, keras.callbacks.TensorBoard(str(run.path / "tensorboard"), write_graph=False))

    # The training itself.
    began = time.monotonic()
    try:
        if stopped or first_epoch >= experiment.epochs:
            _end_training(model, callbacks)
        else:
            _fit(experiment, first_epoch, callbacks)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; go on with: kzoo train --resume {run.path}") from None
    finally:
        report.close()

    # What came of it.
    beside = run.path / ".model.keras"
    model.save(beside)
    beside.replace(run.path / "model.keras")
    results = _results(experiment, run, history, time.monotonic() - began)
    write_json(run.path / "results.json", results)
    vars(run)["model"] = model
    return run


def _fit(experiment: Experiment, first_epoch: int, callbacks: list[keras.callbacks.Callback]) -> None:
    validation = experiment.source.validation
    experiment.model.fit(
        experiment.training_data(first_epoch),
        epochs=experiment.epochs,
        initial_epoch=first_epoch,
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


class _Keeper(keras.callbacks.Callback):
    """Keeps a checkpoint of every epoch, and puts back what callbacks remembered when a training goes on."""

    def __init__(self, checkpoints: Checkpoints, callbacks: list[keras.callbacks.Callback], saved: Any):
        super().__init__()
        self.checkpoints, self.callbacks, self.saved = checkpoints, callbacks, saved

    def on_train_begin(self, logs: Any = None) -> None:
        if self.saved is not None:
            tensors, notes = self.saved
            write_callbacks(self.callbacks, tensors, notes["callbacks"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        tensors, plain = read_callbacks(self.callbacks)
        notes = {"callbacks": plain, "stopped": bool(self.model.stop_training)}
        self.checkpoints.save(epoch + 1, read_state(self.model) | tensors, notes)


class _StopAtNaN(keras.callbacks.Callback):
    """A loss that isn't a number never becomes one again."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            hint = "Try a lower learning rate, or clipnorm: 1.0 at the optimizer."
            raise FloatingPointError(f"the loss is {loss} after epoch {epoch + 1}. {hint}")
