"""Which measurement of a training counts in a sweep, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kzoo.problems import KzooError, Problem, fold, nearest, or_list

_SPLITS = {"val_": "validation", "test_": "test"}


def measures(model: Any) -> dict[str, str]:
    """What a compiled model that was built reports, and which way each is better: `max`, `min` or unknown.

    By Keras's convention: the loss is to be low, metrics know it of themselves.
    """
    known = {}
    for part in model.metrics:
        for metric in getattr(part, "metrics", [part]):
            known[metric.name] = {"up": "max", "down": "min"}.get(getattr(metric, "_direction", None), "")
    return {name: "min" if name == "loss" else known.get(name, "") for name in model.get_metrics_result()}


def choose(
    asked: str, mode: str, found: Mapping[str, str], splits: tuple[str, ...], prune: bool
) -> tuple[str, str]:
    """The measurement that counts and which way it is better.

    Args:
        asked: What the user asked for; empty for an accuracy where there is one, else the loss.
        mode: `max` or `min`; empty for what Keras thinks.
        found: From `measures`.
        splits: The prefixes of the parts that are measured: `val_` and `test_`.
        prune: Whether it has to be known after each epoch.

    Returns:
        The measurement, such as `val_accuracy`, and `max` or `min`.

    Raises:
        KzooError: If there is no such measurement.

    >>> choose("", "", {"accuracy": "max", "loss": "min"}, ("val_", "test_"), False)
    ('val_accuracy', 'max')
    """
    reported = [prefix + name for prefix in (*splits, "") for name in found]
    if not asked:
        first = next((name for name in found if "accuracy" in name), "loss")
        asked = (splits[0] if splits else "") + first
    if asked not in reported:
        same = [name for name in reported if fold(name) == fold(asked)]
        near = same or nearest(asked, reported)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        hint += f"There is {or_list(reported)}."
        if asked.startswith("val_") and "val_" not in splits:
            hint = "There is no validation data: set data.validation=10%."
        raise KzooError(Problem(f"--monitor: nothing called '{asked}' is measured", hint=hint))
    if prune and asked.startswith("test_"):
        hint = "Set data.validation=10%; the test part is measured at the end only."
        raise KzooError(Problem(f"--prune watches each epoch, and '{asked}' isn't known then", hint=hint))
    mode = mode or found[asked.removeprefix("val_").removeprefix("test_")]
    if not mode:
        hint = "Say --mode max or --mode min."
        raise KzooError(Problem(f"which way '{asked}' is better is not known", hint=hint))
    return asked, mode


def measured(results: Mapping[str, Any], monitor: str) -> float:
    """The measurement of a finished run."""
    for prefix, split in _SPLITS.items():
        if monitor.startswith(prefix):
            return float(results[split][monitor.removeprefix(prefix)])
    return float(results["train"][monitor])


def by_split(results: Mapping[str, Any]) -> dict[str, float]:
    """Everything measured of a finished run, named as one monitors it."""
    prefixes = {"": "train", **_SPLITS}
    return {
        prefix + name: float(value)
        for prefix, split in prefixes.items()
        for name, value in results.get(split, {}).items()
    }
