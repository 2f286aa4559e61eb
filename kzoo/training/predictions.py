"""Asks a trained model what it takes held-out examples for; leaves the answers and a report in the run folder."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from kzoo.build.dry_run import final_activation
from kzoo.build.experiment import Experiment
from kzoo.data.source import Split
from kzoo.problems import KzooWarning
from kzoo.report import write_report
from kzoo.report.predictions import Predictions
from kzoo.runs import Run
from kzoo.runs.files import write_json
from kzoo.training.predict import class_probabilities

_MOST = 10_000  # examples that are asked about


def leave_report(experiment: Experiment, run: Run) -> None:
    """Writes `predictions.json` and `report.html`. The training is over: what fails here is only a warning."""
    with _warning_of_failure("predictions", run):
        # One host of several can't ask the model alone: they compute together.
        answers = predictions(experiment) if experiment.distribution.hosts == 1 else None
        if answers is not None:
            write_json(run.path / "predictions.json", answers.as_json())
    with _warning_of_failure("report", run):
        write_report(run)


@contextlib.contextmanager
def _warning_of_failure(what: str, run: Run) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        text = " ".join(str(error).split())
        warnings.warn(
            f"the run has no {what}: {type(error).__name__}: {text} (kzoo report {run.path} writes what there is)",
            KzooWarning,
            stacklevel=4,
        )


def predictions(experiment: Experiment) -> Predictions | None:
    """What the model takes the examples of the test part for, else of the validation part.

    Args:
        experiment: Data and trained model.

    Returns:
        The answers, for at most 10,000 examples, evenly from the whole part (the first ones of a mere stream);
        None if the data has no such part, or model and data aren't about one class an example.
    """
    source, model = experiment.source, experiment.model
    name = next((each for each in ("test", "validation") if getattr(source, each) is not None), None)
    if name is None or source.num_classes is None:
        return None
    split: Split = getattr(source, name)
    part, places = _evenly(split)
    names = source.class_names or [str(index) for index in range(source.num_classes)]
    found = Predictions(name, split.count, names)
    batch_size, done = experiment.settings["data"]["batch_size"], 0
    activation = final_activation(model)
    for x, y in experiment.whole_batches(part):
        inputs, labels = np.asarray(x), np.asarray(y)
        if experiment.one_hot is not None:
            labels = labels.argmax(axis=-1)
        if labels.ndim != 1:
            return None
        count = len(labels)
        outputs = model.predict_on_batch(_filled_up(inputs, batch_size))
        if not isinstance(outputs, np.ndarray):
            return None  # several outputs
        outputs = outputs[:count].astype("float64")
        answers = class_probabilities(model, outputs, activation, source.num_classes)
        if answers is None:
            return None
        found.add(inputs, labels, answers, places[done : done + count])
        done += count
    return found


def _evenly(split: Split) -> tuple[Split, np.ndarray]:
    """At most so many examples of a split, and their places in it."""
    if split.count <= _MOST:
        return split, np.arange(split.count)
    if split.targets() is None:
        stream: Any = split.stream
        return dataclasses.replace(split, count=_MOST, stream=lambda: stream().take(_MOST)), np.arange(_MOST)
    places = np.arange(_MOST) * split.count // _MOST
    return split.subset(places), places


def _filled_up(inputs: np.ndarray, size: int) -> np.ndarray:
    """A batch of full size: one of another size would be compiled anew."""
    missing = size - len(inputs)
    return np.pad(inputs, [(0, missing), *[(0, 0)] * (inputs.ndim - 1)]) if missing > 0 else inputs
