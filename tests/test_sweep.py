"""Sweeps without a training, from beginning to end: what is recorded, and how they go on."""

import csv
import json
import math
import shlex
import threading

import pytest
from sweep_double import SEEDS, Double, double, outcomes, override  # noqa: F401 - double is a fixture

from kzoo.problems import KzooError
from kzoo.recipe import load_recipe
from kzoo.sweep import sweep, worker
from kzoo.sweep.summary import summarize


def test_a_grid_is_trained_and_laid_side_by_side(command_line, monkeypatch, tmp_path):
    accuracies = {"relu": [0.80, 0.82, 0.84], "mish": [0.90, 0.91, 0.92]}
    outcomes(
        monkeypatch, lambda job: accuracies[override(job, "model.activation")][int(override(job, "seed"))]
    )
    status, printed, said = command_line("sweep", "digits_quick", *SEEDS, "fit.epochs=2", "--workers", 2)
    assert status == 0, said
    (folder,) = (tmp_path / "sweeps").iterdir()
    assert folder.name.startswith("digits_quick-2")
    assert {path.name for path in folder.iterdir()} == {
        *("sweep.yaml", "recipe", "study.db", "logs", "results.csv", "results.json", "table.txt")
    }
    assert "what counts: val_accuracy, higher is better" in printed
    lines = [" ".join(line.split()) for line in (folder / "table.txt").read_text().splitlines()]
    assert lines[1] == "mish 0.9100 ± 0.0100 0.9100 ± 0.0100 3 best"
    assert lines[2] == "relu 0.8200 ± 0.0200 0.8200 ± 0.0200 3"
    assert "mish" in printed and "mean ± standard deviation over seeds" in printed
    with (folder / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["val_accuracy"] for row in rows] == [
        repr(each) for each in accuracies["relu"] + accuracies["mish"]
    ]
    assert rows[4]["run"] == "runs/004-mish-1" and rows[4]["state"] == "complete"
    words = shlex.split(rows[4]["command"])
    assert words[:3] == ["kzoo", "train", "digits_quick"]
    repeated = load_recipe(words[2], words[3:]).resolved
    assert (repeated["seed"], repeated["model"]["activation"], repeated["fit"]["epochs"]) == (1, "mish", 2)
    # Again: nothing is repeated, the table is.
    Double.jobs.clear()
    status, printed, _ = command_line("sweep", "--resume", folder, "--json")
    assert status == 0 and not Double.jobs
    best = json.loads(printed)["cells"][0]
    assert best["values"] == {"model.activation": "mish"} and best["verdict"] == "best"
    assert best["mean"] == pytest.approx(0.91) and best["spread"] == pytest.approx(0.01)


def test_one_failing_trial_is_recorded_and_the_rest_go_on(command_line, monkeypatch):
    def fails(job):
        bad = {"kind": "failed", "message": "the loss is nan after epoch 1. Try a lower learning rate"}
        return bad if override(job, "seed") == "1" else 0.5

    outcomes(monkeypatch, fails)
    status, printed, _ = command_line("sweep", "digits_quick", *SEEDS)
    assert status == 0 and len(Double.jobs) == 6
    assert "best, 1 failed" in printed and "failed: relu 1: the loss is nan after epoch 1" in printed


def test_a_cell_that_does_not_measure_what_counts_fails_alone(command_line, monkeypatch):
    numbers = {"accuracy": 0.5, "loss": math.nan}
    more = {"epochs": 1, "parameters": 1, "seconds": 1.0, "train": numbers, "test": numbers}
    without = {"kind": "done", "results": {**more, "validation": {}}}
    outcomes(monkeypatch, lambda job: without if override(job, "seed") == "1" else 0.5)
    status, printed, _ = command_line("sweep", "digits_quick", "seed=0,1")
    assert status == 0 and "failed: 1: it has no val_accuracy" in printed
    outcomes(monkeypatch, lambda job: without if override(job, "seed") == "1" else 0.5)
    status, printed, _ = command_line("sweep", "digits_quick", "seed=0,1", "--monitor", "loss")
    assert status == 0 and "failed: 1: loss is nan" in printed


def test_it_fails_if_all_trials_do(command_line, monkeypatch):
    outcomes(monkeypatch, lambda job: {"kind": "failed", "message": "no"})
    assert command_line("sweep", "digits_quick", "seed=0,1")[0] == 1


def test_into_goes_on_with_the_same_sweep_only(command_line, monkeypatch, tmp_path):
    command = ("sweep", "digits_quick", "seed=0,1", "--into", "mine")
    assert command_line(*command)[0] == 0 and sum(Double.jobs.values()) == 2
    assert command_line(*command)[0] == 0 and sum(Double.jobs.values()) == 2
    status, _, said = command_line("sweep", "digits_quick", "seed=0,1,2", "--into", "mine")
    assert status == 2 and "another sweep lies there: seed: [0, 1], not seed: [0, 1, 2]" in said
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    status, _, said = command_line("sweep", "digits_quick", "seed=0,1", "--into", "full")
    assert status == 2 and "Something else lies there" in said and not list(tmp_path.glob(".new-*"))
    status, _, said = command_line("sweep", "--resume", tmp_path / "mines")
    assert status == 2 and f"Did you mean {tmp_path / 'mine'}?" in said


def test_an_interruption_says_how_to_go_on_and_loses_nothing(command_line, monkeypatch, tmp_path):
    real = worker.Worker.join

    def interrupted(self, timeout=None):
        real(self, timeout)
        if len(Double.jobs) >= 3 and not self.stopped.is_set():
            raise KeyboardInterrupt

    outcomes(monkeypatch, lambda job: threading.Event().wait(0.2) or 0.5)
    monkeypatch.setattr(worker.Worker, "join", interrupted)
    status, _, said = command_line("sweep", "digits_quick", *SEEDS, "--into", "mine")
    assert status == 130 and "go on with: kzoo sweep --resume mine" in said
    begun = len(Double.jobs)
    assert begun < 6 and (tmp_path / "mine" / "results.csv").is_file()
    monkeypatch.setattr(worker.Worker, "join", real)
    assert command_line("sweep", "--resume", "mine")[0] == 0
    assert (
        len(Double.jobs) == 6 and sum(Double.jobs.values()) <= 7
    )  # the one that was cut short is gone on with


def test_another_machine_needs_the_database_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/shared.db"
    begun = sweep.begin("digits_quick", SEEDS, storage=url, into=tmp_path / "here" / "mine")
    joined = sweep.load(tmp_path / "there" / "mine", url)
    assert joined.folder.plan.same_as(begun.folder.plan)
    assert joined.folder.recipe.read_text() == begun.folder.recipe.read_text()
    sweep.go_on(joined)
    assert not begun.study.unfinished() and summarize(begun.study).cells[0].measured == [0.5] * 3
    with pytest.raises(KzooError, match=r"(?s)no sweep 'mien'.*Did you mean mine\?"):
        sweep.load(tmp_path / "there" / "mien", url)
    with pytest.raises(KzooError, match="the database has another sweep called mine"):
        sweep.begin("digits_quick", ["seed=0,1"], storage=url, into=tmp_path / "elsewhere" / "mine")


def test_passwords_stay_out_of_files():
    from kzoo.sweep.study import hidden

    assert hidden("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["seed=0,1", "--monitor", "val_acuracy"], "Did you mean 'val_accuracy'?"),
        (["seed=0,1", "--monitor", "odd"], "which way 'odd' is better is not known"),
        (["seed=0,1", "--monitor", "test_loss", "--prune"], "isn't known then"),
        (["seed=0,1", "--trials", "0"], "--trials takes a number from 1"),
        (["seed=0,1", "--storage", "nodatabase://x"], "can't use the database"),
        (["seed=0,1", "--resume", "x"], "give a RECIPE, or --resume"),
        ([], "nothing varies"),
    ],
)
def test_wrong_arguments_train_nothing(command_line, arguments, message):
    status, _, said = command_line("sweep", "digits_quick", *arguments)
    assert status == 2 and message in said and not Double.jobs


def test_without_optuna_it_says_how_to_get_it(command_line, monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "optuna" else real(name, *more)
    )
    status, _, said = command_line("sweep", "digits_quick", "seed=0,1")
    assert status == 2 and 'pip install "kzoo[sweep]"' in said
