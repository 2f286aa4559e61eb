"""Sweeps without a training: searches, and what is pruned."""

import json
import math

import pytest
from sweep_double import Double, double, outcomes, override  # noqa: F401 - double is a fixture

from kzoo.sweep import sweep, worker

SEARCH = [
    "compile.optimizer.learning_rate=1e-4..1e-1:log",
    "model.activation=relu,mish",
    "model.hidden[0]=8..64:8",
]


def near_a_hundredth(job):
    return 1 - abs(math.log10(float(override(job, "compile.optimizer.learning_rate"))) + 2) / 2


def test_a_search_learns_and_stays_within_its_span(monkeypatch):
    outcomes(monkeypatch, near_a_hundredth)
    sweep.go_on(sweep.begin("digits_quick", SEARCH, trials=25))
    rates = [float(each["compile.optimizer.learning_rate"]) for each in Double.seen]
    assert len(rates) == 25 and all(1e-4 <= rate <= 1e-1 for rate in rates)
    assert {int(each["model.hidden[0]"]) for each in Double.seen} <= set(range(8, 65, 8))
    drawn, learned = rates[:10], rates[10:]  # the first ones are drawn at random
    assert min(drawn) < 1e-3 and sum(3e-3 < each < 3e-2 for each in learned) > 10


def test_a_search_that_was_interrupted_tries_what_it_would_have_tried(monkeypatch, tmp_path):
    outcomes(monkeypatch, near_a_hundredth)
    sweep.go_on(sweep.begin("digits_quick", SEARCH, trials=14, into=tmp_path / "a"))
    wanted = list(Double.seen)
    Double.seen.clear()
    begun = sweep.begin("digits_quick", SEARCH, trials=14, into=tmp_path / "b")
    monkeypatch.setattr(worker.Worker, "_record", _dies_at(worker.Worker._record, 12))
    with pytest.raises(ZeroDivisionError):
        sweep.go_on(begun)
    monkeypatch.undo()
    monkeypatch.setattr(worker, "Trainer", Double)
    outcomes(monkeypatch, near_a_hundredth)
    cut_short = Double.seen.pop()
    sweep.go_on(sweep.load(tmp_path / "b"))
    assert Double.seen == wanted and cut_short == wanted[12]


def _dies_at(real, number):
    def record(self, trial, said):
        if trial.number == number:
            raise ZeroDivisionError
        real(self, trial, said)

    return record


def test_trials_that_lag_behind_are_pruned(command_line, monkeypatch, tmp_path):
    def by_epoch(job):
        return [0.5, 0.6] if int(override(job, "seed")) < 3 else [0.1, 0.1]

    outcomes(monkeypatch, by_epoch)
    status, printed, _ = command_line(
        "sweep", "digits_quick", "model.activation=relu,mish", "seed=0..3", "--prune", "--into", "mine"
    )
    assert status == 0 and "pruned after epoch" in printed
    result = json.loads((tmp_path / "mine" / "results.json").read_text())
    states = {each["values"]["seed"]: each["state"] for each in result["trials"]}
    assert states["3"] == "pruned" and states["0"] == "complete"  # of mish, the later one
    assert "1 pruned" in (tmp_path / "mine" / "table.txt").read_text()
