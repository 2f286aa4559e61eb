"""Where a loss that isn't a number came from: the steps since the last checkpoint are repeated, one by one.

A training is repeated bit for bit, so nothing has to be kept for this while all is well.
"""

from __future__ import annotations

import io
import math
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kzoo.build.experiment import Experiment
from kzoo.runs import Run
from kzoo.runs.checkpoint import (
    Checkpoints,
    read_state,
    state_variables,
    write_callbacks,
    write_metrics,
    write_state,
)
from kzoo.runs.files import write_json, write_whole
from kzoo.training.first_nonfinite import Finding, first_nonfinite
from kzoo.training.nonfinite import NonFinite
from kzoo.training.position import Position
from kzoo.training.rate_overrides import overrides_for
from kzoo.training.rates import Rates


def explained(seen: NonFinite, experiment: Experiment, run: Run) -> FloatingPointError:
    """Finds the first step after which loss or weights aren't finite, and keeps what is needed to look into it.

    Its batch, all state before it, and what was found are written to `nonfinite/` in the run folder.

    Args:
        seen: What stopped the training.
        experiment: What was trained. Its model is left in the state before the step.
        run: The run.

    Returns:
        An error to raise, that says so.
    """
    steps = experiment.steps_per_epoch
    last = steps - 1 if seen.step is None else seen.step
    step = _repeat(experiment, run, seen.epoch, last)
    if step is None:
        what = "the weights are not finite" if seen.loss is None else f"the loss is {seen.loss}"
        return FloatingPointError(
            f"{what} in epoch {seen.epoch + 1}, step {last + 1} of {steps}.\n"
            "    Repeated from the last checkpoint it was not: this device doesn't compute the same twice.\n"
            f"    Try again from there: kzoo train --resume {run.path}"
        )
    batch = next(experiment.training_data(seen.epoch, step.step).as_numpy_iterator())
    finding = first_nonfinite(experiment.model, batch, step.before, run.path)
    folder = _keep(run, seen.epoch, step, batch, finding)
    what = "the loss is" if not math.isfinite(step.loss) else "the weights are not finite after a loss of"
    return FloatingPointError(
        f"{what} {step.loss} in epoch {seen.epoch + 1}, step {step.step + 1} of {steps}.\n"
        f"    What went first: {finding.text}.\n"
        f"    Kept in {folder}: the batch, all state before the step, and the layers' outputs.\n"
        f"    {_advice(experiment, run, finding)}"
    )


class _Step(Exception):
    """Ends the repetition at a step after which something isn't finite.

    Args:
        step: Which of its epoch, from 0.
        loss: Mean loss of the epoch with this step.
        before: All state before it.
    """

    def __init__(self, step: int, loss: float, before: dict[str, np.ndarray]):
        super().__init__(step)
        self.step, self.loss, self.before = step, loss, before


class _Repeated(Exception):
    """Ends the repetition after the last step that it was for."""


def _repeat(experiment: Experiment, run: Run, epoch: int, last: int) -> _Step | None:
    """Trains from the last checkpoint to a step of an epoch; what was found, if anything."""
    saved = Checkpoints(run.path / "checkpoints").newest()
    if saved is None or saved[1]["epoch"] != epoch:
        return None
    model, first = experiment.model, saved[1]["step"]
    write_state(model, saved[0], run.path)
    model.steps_per_execution = 1
    model.make_train_function(force=True)
    with tempfile.TemporaryDirectory() as elsewhere:  # the recipe's callbacks may write files
        own = experiment.callbacks(Path(elsewhere))
        position = Position(epoch, first, experiment.steps_per_epoch)
        try:
            model.fit(
                experiment.training_data(epoch, first),
                epochs=epoch + 1,
                initial_epoch=epoch,
                steps_per_epoch=experiment.steps_per_epoch,
                callbacks=[position, *own, _Watch(position, own, saved, last, run.path)],
                shuffle=False,
                verbose=0,
            )
        except _Step as found:
            return found
        except _Repeated:
            return None
    return None


class _Watch(keras.callbacks.Callback):
    """Puts the state back from which a repetition begins, and looks at everything after each of its steps."""

    def __init__(self, position: Position, own: list[Any], saved: Any, last: int, run: Path):
        super().__init__()
        self.position, self.own, self.saved, self.last, self.run = position, own, saved, last, run
        self._before: dict[str, np.ndarray] = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        tensors, notes = self.saved
        write_state(self.model, tensors, self.run)
        write_callbacks(self.own, tensors, notes["callbacks"])
        if notes["step"]:
            write_metrics(self.model, tensors)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._before = read_state(self.model)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        step, loss = self.position.skipped + batch, (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss) or not _finite_weights(self.model):
            raise _Step(step, loss, self._before)
        if step >= self.last:
            raise _Repeated


def _finite_weights(model: keras.Model) -> bool:
    state = read_state(model)
    trained = {id(each) for each in model.trainable_variables}
    return all(
        np.isfinite(state[name]).all()
        for name, variable in state_variables(model).items()
        if id(variable) in trained
    )


def _keep(run: Run, epoch: int, step: _Step, batch: Any, finding: Finding) -> Path:
    folder = run.path / "nonfinite"
    folder.mkdir(exist_ok=True)
    notes = {"callbacks": [], "stopped": False, "seconds": 0.0}
    Checkpoints(folder).save(epoch, step.before, notes, step.step)
    arrays = io.BytesIO()
    np.savez_compressed(arrays, x=batch[0], y=batch[1])
    write_whole(folder / "batch.npz", arrays.getvalue())
    found = {"what": finding.what, "name": finding.name, "text": finding.text, "layers": finding.layers}
    place = {"epoch": epoch + 1, "step": step.step + 1, "loss": repr(step.loss)}
    write_json(folder / "first.json", {**place, "first": found})
    return folder


def _advice(experiment: Experiment, run: Run, finding: Finding) -> str:
    if finding.what == "batch":
        return f"Put the data right, then train anew: kzoo train {run.path / 'recipe.yaml'}"
    usual = Rates(experiment.model.optimizer, experiment.known["total_steps"]).usual
    lower = " ".join(overrides_for(experiment, usual / 10, usual))
    return f"Try a lower learning rate: kzoo train {run.path / 'resolved.yaml'} {lower}"
