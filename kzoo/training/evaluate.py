"""Measures a model on a split of its recipe's data."""

from __future__ import annotations

from kzoo.build.experiment import Experiment, build
from kzoo.runs import Run


def evaluate(experiment: Experiment, split: str) -> dict[str, float]:
    """Loss and metrics on a split.

    Args:
        experiment: Data and compiled model.
        split: `train`, `validation` or `test`.

    Returns:
        The numbers as Keras names them, not rounded; none if there is no such split.
    """
    part = getattr(experiment.source, split)
    if part is None:
        return {}
    numbers = experiment.model.evaluate(experiment.evaluation_data(part), verbose=0, return_dict=True)
    return {name: float(value) for name, value in numbers.items()}


def evaluate_run(run: Run, splits: list[str]) -> dict[str, dict[str, float]]:
    """Loss and metrics of a finished run's model on splits of its recipe's data.

    Args:
        run: The run.
        splits: Of `train`, `validation`, `test`; those that the data doesn't have are left out.
    """
    experiment = build(run.recipe)
    experiment.model.set_weights(run.model.get_weights())
    with experiment.distribution.running():
        measured = {split: evaluate(experiment, split) for split in splits}
    return {split: numbers for split, numbers in measured.items() if numbers}
