"""What came of a sweep: its trials, and its cells over their seeds, with what is only noise said to be so."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import shlex
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kzoo.runs.files import write_json, write_whole
from kzoo.sweep.objective import by_split
from kzoo.sweep.plan import Plan
from kzoo.sweep.study import values_of
from kzoo.sweep.worker import run_name

SEED = "seed"
LEVEL = 0.05
RULE = "within noise: Welch's t-test doesn't tell it from the best (p > .05, each by itself)"
ONE_SEED = "one seed: no noise known"


@dataclasses.dataclass(frozen=True)
class Trial:
    """One trial.

    Args:
        number: Its number.
        state: `complete`, `pruned`, `fail`, `running` or `waiting`.
        values: What its axes were, as people call them.
        texts: The same as they are written in a command.
        measured: Everything measured, named as one monitors it.
        more: `epochs`, `parameters`, `seconds` of one that was completed.
        run: Its run folder, in the sweep's.
        failure: Why it failed; empty if it didn't.
        command: What repeats it.
    """

    number: int
    state: str
    values: dict[str, str]
    texts: dict[str, str]
    measured: dict[str, float]
    more: dict[str, Any]
    run: str
    failure: str
    command: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """The trials that differ in nothing but their seed.

    Args:
        values: What its axes were, but the seed.
        trials: Its trials.
        monitor: The measurement that counts.
        verdict: `best`, `within noise`, or empty.
        p: The probability of such a difference from the best by chance; None where it isn't known.
    """

    values: dict[str, str]
    trials: tuple[Trial, ...]
    monitor: str
    verdict: str = ""
    p: float | None = None

    def of(self, measure: str) -> list[float]:
        """What its trials measured."""
        return [each.measured[measure] for each in self.trials if measure in each.measured]

    @property
    def measured(self) -> list[float]:
        return self.of(self.monitor)

    @property
    def mean(self) -> float:
        return statistics.fmean(self.measured) if self.measured else math.nan

    @property
    def spread(self) -> float | None:
        """The sample standard deviation over the seeds; None for less than two."""
        return statistics.stdev(self.measured) if len(self.measured) > 1 else None

    @property
    def commands(self) -> list[str]:
        return [each.command for each in self.trials]


@dataclasses.dataclass(frozen=True)
class Summary:
    """What came of a sweep.

    Args:
        name: The sweep's name.
        plan: What it was to do.
        trials: All trials, by number.
        cells: The cells, best first; those without a measurement last.
    """

    name: str
    plan: Plan
    trials: tuple[Trial, ...]
    cells: tuple[Cell, ...]

    @property
    def all_failed(self) -> bool:
        return all(each.state == "fail" for each in self.trials)

    @property
    def seeds(self) -> int:
        """The most seeds that a cell has."""
        return max((len(cell.measured) for cell in self.cells), default=0)

    @property
    def notes(self) -> list[str]:
        """What the table means."""
        notes = [RULE if self.seeds > 1 else ONE_SEED]
        if self.seeds == 2:
            notes.insert(0, "in brackets the lower and the higher of two seeds")
        elif self.seeds > 2:
            notes.insert(0, "mean ± standard deviation over seeds")
        if self.plan.monitor.startswith("test_"):
            notes.append(
                "chosen by the test part, which flatters the best; data.validation=10% chooses by another"
            )
        return notes

    def as_json(self) -> dict[str, Any]:
        """All of it, for a program; nothing rounded."""
        return {
            "sweep": self.name,
            "recipe": self.plan.recipe,
            "monitor": self.plan.monitor,
            "mode": self.plan.mode,
            "axes": {axis.key: str(axis.span) if axis.span else list(axis.names) for axis in self.plan.axes},
            "notes": self.notes,
            "cells": [
                {
                    "values": cell.values,
                    "mean": cell.mean if cell.measured else None,
                    "spread": cell.spread,
                    "measured": cell.measured,
                    "verdict": cell.verdict,
                    "p": cell.p,
                    "trials": [each.number for each in cell.trials],
                    "commands": cell.commands,
                }
                for cell in self.cells
            ],
            "trials": [dataclasses.asdict(each) for each in self.trials],
        }


def summarize(study: Any) -> Summary:
    """What came of a study so far.

    Args:
        study: A `kzoo.sweep.study.Study`.
    """
    plan = study.plan
    trials = tuple(_trial(each, plan) for each in study.trials()[: plan.size])
    groups: dict[tuple[str, ...], list[Trial]] = {}
    for each in trials:
        if each.values:
            key = tuple(text for name, text in each.texts.items() if name != SEED)
            groups.setdefault(key, []).append(each)
    cells = [
        Cell({key: each for key, each in group[0].values.items() if key != SEED}, tuple(group), plan.monitor)
        for group in groups.values()
    ]
    return Summary(study.name, plan, trials, tuple(judged(cells, plan.mode)))


def judged(cells: Sequence[Cell], mode: str) -> list[Cell]:
    """Cells in their order, best first, each held against the best."""
    sign = -1.0 if mode == "max" else 1.0
    with_numbers = sorted((cell for cell in cells if cell.measured), key=lambda cell: sign * cell.mean)
    without = [cell for cell in cells if not cell.measured]
    said = []
    for cell in with_numbers:
        best = with_numbers[0]
        p = None if cell is best else chance(best.measured, cell.measured)
        verdict = "best" if cell is best else "within noise" if p is not None and p > LEVEL else ""
        said.append(dataclasses.replace(cell, verdict=verdict, p=p))
    return said + without


def chance(best: Sequence[float], other: Sequence[float]) -> float | None:
    """How probable such a difference of means is where there is none: Welch's t-test, of both sides.

    Returns:
        The probability; None where a side has less than two numbers.

    >>> chance([0.98, 0.97, 0.99], [0.98, 0.98, 0.97]) > 0.05
    True
    """
    if len(best) < 2 or len(other) < 2:
        return None
    from scipy.stats import t

    one, two = (statistics.variance(each) / len(each) for each in (best, other))
    apart = abs(statistics.fmean(best) - statistics.fmean(other))
    if one + two == 0:  # no spread at all: the test would divide by zero
        return 1.0 if apart == 0 else 0.0
    freedom = (one + two) ** 2 / (one**2 / (len(best) - 1) + two**2 / (len(other) - 1))
    return float(2 * t.sf(apart / math.sqrt(one + two), freedom))


def _trial(frozen: Any, plan: Plan) -> Trial:
    texts = values_of(frozen, plan)
    results = frozen.user_attrs.get("results", {})
    names = plan.names(texts)
    failure = frozen.user_attrs.get("failure", "")
    pruned = frozen.user_attrs.get("pruned")
    return Trial(
        number=frozen.number,
        state=frozen.state.name.lower(),
        values=names,
        texts=texts,
        measured=by_split(results) if frozen.state.name == "COMPLETE" else {},
        more={key: results[key] for key in ("epochs", "parameters", "seconds") if key in results}
        | ({"epochs": pruned["epoch"]} if pruned else {}),
        run=f"runs/{run_name(frozen.number, names)}",
        failure=failure,
        command=shlex.join(["kzoo", "train", plan.recipe, *_plugins(plan), *plan.overrides(texts)]),
    )


def _plugins(plan: Plan) -> list[str]:
    return [f"--plugin={each}" for each in plan.plugins]


def write_files(summary: Summary, folder: Path) -> None:
    """Writes `results.csv`, a row a trial, and `results.json`."""
    write_json(folder / "results.json", summary.as_json())
    keys = [axis.key for axis in summary.plan.axes]
    measures = list(dict.fromkeys(name for each in summary.trials for name in each.measured))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    more = ["epochs", "parameters", "seconds"]
    writer.writerow(["trial", "state", *keys, *measures, *more, "run", "failure", "command"])
    for each in summary.trials:
        axes = [each.values.get(key, "") for key in keys]
        numbers = [repr(each.measured[name]) if name in each.measured else "" for name in measures]
        told = [each.more.get(key, "") for key in more]
        writer.writerow(
            [each.number, each.state, *axes, *numbers, *told, each.run, each.failure, each.command]
        )
    write_whole(folder / "results.csv", stream.getvalue())
