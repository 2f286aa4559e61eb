"""Sweeps without a training: who works on what, what is recorded, and what is said of it. A double trains."""

import collections
import csv
import itertools
import json
import math
import os
import shlex
import sys
import threading
import xml.etree.ElementTree as ElementTree
from typing import ClassVar

import pytest
import sqlalchemy

from kzoo.cli import main
from kzoo.problems import KzooError
from kzoo.recipe import load_recipe
from kzoo.sweep import claims, sweep, worker
from kzoo.sweep.claims import Claims
from kzoo.sweep.objective import choose
from kzoo.sweep.summary import Cell, Trial, chance, judged, summarize

SEEDS = ["model.activation=relu,mish", "seed=0,1,2"]
MEASURES = {"accuracy": "max", "loss": "min", "odd": ""}


class Double:
    """Trains nothing: the test says what comes of a job."""

    outcome = staticmethod(lambda job: 0.5)
    jobs: ClassVar = collections.Counter()
    seen: ClassVar = []

    def __init__(self, log):
        self.stopped = threading.Event()

    def do(self, job, epoch=lambda *_: False):
        if job["kind"] == "probe":
            return {"kind": "probed", "measures": MEASURES, "splits": ["val_", "test_"]}
        Double.jobs[job["name"]] += 1
        Double.seen.append(dict(each.split("=", 1) for each in job["overrides"]))
        value = Double.outcome(job)
        if isinstance(value, dict):
            return value
        if isinstance(value, list):  # by epoch
            for number, each in enumerate(value, start=1):
                if epoch(number, each):
                    return {"kind": "pruned", "epoch": number, "value": each}
            value = value[-1]
        numbers = {"accuracy": value, "loss": 1 - value, "odd": 0.0}
        more = {"epochs": 5, "parameters": 10, "seconds": 1.0}
        return {"kind": "done", "results": {"train": numbers, "validation": numbers, "test": numbers, **more}}

    def kill(self):
        self.stopped.set()

    def close(self):
        pass


@pytest.fixture(autouse=True)
def double(monkeypatch, tmp_path):
    monkeypatch.setattr(sweep, "Trainer", Double)
    monkeypatch.setattr(worker, "Trainer", Double)
    monkeypatch.setattr(worker, "_LOOK", 0.02)
    monkeypatch.setattr(Double, "outcome", staticmethod(lambda job: 0.5))
    monkeypatch.chdir(tmp_path)
    Double.jobs.clear()
    Double.seen.clear()
    return Double


@pytest.fixture
def command_line(capsys, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return call


def outcomes(monkeypatch, function):
    monkeypatch.setattr(Double, "outcome", staticmethod(function))


def override(job, key):
    return dict(each.split("=", 1) for each in job["overrides"])[key]


# Who works on what ---------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path):
    made = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/claims.db", connect_args={"timeout": 60})
    yield made
    made.dispose()


def test_a_trial_is_claimed_once_however_many_want_it(engine):
    crowd = [Claims(engine, "study", f"host{index}:1:x") for index in range(8)]
    got = [[] for _ in crowd]
    together = threading.Barrier(len(crowd))

    def grab(index):
        together.wait()
        got[index] = [number for number in range(10) if crowd[index].take(number)]

    threads = [threading.Thread(target=grab, args=(index,)) for index in range(len(crowd))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(itertools.chain(*got)) == list(range(10))


def test_a_dead_process_of_this_machine_leaves_its_claims_at_once(engine):
    import socket
    import subprocess

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = Claims(engine, "study", f"{socket.gethostname()}:{ended.pid}:x")
    alive = Claims(engine, "study", f"{socket.gethostname()}:{os.getpid()}:x")
    assert dead.take(1) and alive.take(2)
    heir = Claims(engine, "study", "elsewhere:1:x")
    local = Claims(engine, "study", f"{socket.gethostname()}:{os.getpid()}:y")
    assert local.take(1) and not local.take(2)
    assert not heir.take(1) and not heir.take(2)


def test_a_silent_owner_elsewhere_counts_as_dead_and_learns_it(engine, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(claims.time, "monotonic", lambda: now[0])
    owner, heir = Claims(engine, "study", "there:1:x"), Claims(engine, "study", "elsewhere:1:x")
    assert owner.take(5) and not heir.take(5)
    now[0] += claims.GRACE - 1
    assert owner.beat() == set() and not heir.take(5)
    now[0] += claims.GRACE - 1
    assert not heir.take(5)  # it was heard of since
    now[0] += 2
    assert heir.take(5)
    assert owner.beat() == {5} and owner.held == set()
    owner.release(5)  # another's by now: it stays
    assert not owner.take(5)


def test_two_sweepers_of_one_sweep_train_each_cell_once(monkeypatch):
    outcomes(monkeypatch, lambda job: threading.Event().wait(0.01) or 0.5)
    begun = sweep.begin("digits_quick", ["seed=0..11"], into=None)
    others = [begun, *(sweep.load(begun.folder.path) for _ in range(2))]
    threads = [threading.Thread(target=sweep.go_on, args=(each, 2)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(Double.jobs) == 12 and set(Double.jobs.values()) == {1}
    assert not begun.study.unfinished()


# From beginning to end -----------------------------------------------------------------------------------------------


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


# Searches ------------------------------------------------------------------------------------------------------------

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


# What is said of it --------------------------------------------------------------------------------------------------


def cell(name, *values):
    trials = tuple(Trial(0, "complete", {}, {}, {"val_x": each}, {}, "", "", "") for each in values)
    return Cell({"a": name}, trials, "val_x")


def test_welch_as_in_his_own_formula():
    best, other = [27.5, 21.0, 19.0, 23.6, 17.0], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5]

    def moments(values):
        mean = sum(values) / len(values)
        return mean, sum((each - mean) ** 2 for each in values) / (len(values) - 1) / len(values)

    (one, v1), (two, v2) = moments(best), moments(other)
    t = abs(one - two) / math.sqrt(v1 + v2)
    freedom = (v1 + v2) ** 2 / (v1**2 / (len(best) - 1) + v2**2 / (len(other) - 1))
    # The density of Student's t, summed from t on by the trapezoidal rule.
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    xs = [t + step / 1000 for step in range(200_000)]
    tail = sum(scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2) for x in xs) / 1000
    assert chance(best, other) == pytest.approx(2 * tail, abs=1e-3)


def test_what_is_noise_is_said_to_be_and_what_is_not_known_is_not():
    cells = [cell("low", 0.1, 0.11, 0.09), cell("near", 0.79, 0.83, 0.78), cell("best", 0.80, 0.82, 0.81)]
    order = [(each.values["a"], each.verdict) for each in judged([*cells, cell("none")], "max")]
    assert order == [("best", "best"), ("near", "within noise"), ("low", ""), ("none", "")]
    assert [each.values["a"] for each in judged(cells, "min")] == ["low", "near", "best"]
    alone = judged([cell("a", 0.5), cell("b", 0.4)], "max")
    assert [each.verdict for each in alone] == ["best", ""] and alone[1].p is None and alone[0].spread is None
    assert chance([0.5, 0.5], [0.5, 0.5]) == 1.0 and chance([0.5, 0.5], [0.4, 0.4]) == 0.0


def test_what_counts_by_default():
    found = {"loss": "min", "mae": "down", "top_accuracy": "max"}
    assert choose("", "", found, ("val_", "test_"), False) == ("val_top_accuracy", "max")
    assert choose("", "", found, ("test_",), False) == ("test_top_accuracy", "max")
    assert choose("", "", {"loss": "min", "mae": "min"}, (), False) == ("loss", "min")
    assert choose("odd", "max", MEASURES, (), False) == ("odd", "max")
    with pytest.raises(KzooError, match="There is no validation data"):
        choose("val_loss", "", found, ("test_",), False)


def test_two_axes_make_a_heat_map(command_line, monkeypatch, tmp_path):
    from kzoo.cli.heat_map import heat_map_of, terminal_map

    values = {("relu", "1"): 0.1, ("mish", "1"): 0.2, ("relu", "2"): 0.3, ("mish", "2"): 0.4}
    outcomes(monkeypatch, lambda job: values[override(job, "model.activation"), override(job, "fit.epochs")])
    arguments = ["model.activation=relu,mish", "fit.epochs=1,2", "seed=0,1", "--into", "mine"]
    assert command_line("sweep", "digits_quick", *arguments)[0] == 0
    found = heat_map_of(summarize(sweep.load(tmp_path / "mine").study))
    assert found.rows == ("relu", "mish") and found.columns == ("1", "2")
    assert found.means == ((0.1, 0.3), (0.2, 0.4)) and found.share(0.4) == 1 and found.share(0.1) == 0
    assert terminal_map(found).row_count == 2
    first = (tmp_path / "mine" / "heat_map.svg").read_text()
    texts = [
        "".join(each.itertext()) for each in ElementTree.fromstring(first).iter() if each.tag.endswith("text")
    ]
    assert {"0.1000", "0.4000", "relu", "val_accuracy, mean over seeds"} <= set(texts)
    assert command_line("sweep", "--resume", "mine")[0] == 0
    assert (tmp_path / "mine" / "heat_map.svg").read_text() == first
