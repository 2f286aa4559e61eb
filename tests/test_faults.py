"""What goes wrong in a training: each fault is caused for real, and nothing that was kept before it is lost."""

import contextlib
import csv
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import zipfile
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

import kzoo
from kzoo.cli import main
from kzoo.problems import Failed, KzooError, Terminated
from kzoo.runs import all_runs, load_run
from kzoo.runs.checkpoint import Checkpoints
from kzoo.runs.folder import new_run
from kzoo.training.position import Position
from kzoo.training.train import resume

pytestmark = pytest.mark.slow

RECIPE = """\
name: faulty
seed: 3
data:
  name: digits
  batch_size: 64
  validation: 20%
  augment: {name: random_shift, pixels: 1}
model:
  layers:
    - flatten
    - {name: dense, units: 24}
    - batch_normalization
    - {name: activation, activation: relu}
    - {name: dropout, rate: 0.3}
    - {name: dense, units: 10}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adamw, learning_rate: {name: warmup_cosine, peak: 3e-3, warmup: 10%}, use_ema: true}
  metrics: [accuracy]
fit:
  epochs: 3
  callbacks: [{name: early_stopping, patience: 4, restore_best_weights: true}]
run: {tensorboard: false}
"""
STEPS = 18  # an epoch


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "faulty.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def uninterrupted(recipe, tmp_path_factory):
    return kzoo.train(recipe, runs=tmp_path_factory.mktemp("uninterrupted"), verbose=False)


@pytest.fixture
def command_line(capsys, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return call


def plan(patch, epoch, step, act):
    """Has something done once, before a step of an epoch; both from 1."""
    usual, done = Position.on_train_batch_begin, []

    def begin(self, batch, logs=None):
        usual(self, batch, logs)
        if not done and (self.epoch + 1, self.skipped + batch + 1) == (epoch, step):
            done.append(True)
            act()

    patch.setattr(Position, "on_train_batch_begin", begin)


def train(recipe, folder, *overrides):
    return kzoo.train(kzoo.load_recipe(recipe, overrides), runs=folder, verbose=False)


def only_run(folder):
    (path,) = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return path


def weights(run):
    """Every array in a saved model, optimizer included, by its place in the file."""
    arrays = {}
    with (
        zipfile.ZipFile(run.path / "model.keras") as archive,
        h5py.File(archive.open("model.weights.h5")) as file,
    ):
        file.visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return arrays


def history(run):
    with (run.path / "history.csv").open() as file:
        return [
            {key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)
        ]


def assert_same(ours, theirs):
    assert history(ours) == history(theirs)
    mine, wanted = weights(ours), weights(theirs)
    assert mine.keys() == wanted.keys()
    for name in wanted:
        assert np.array_equal(mine[name], wanted[name]), name
    for split in ("train", "validation", "test"):
        assert ours.results[split] == theirs.results[split]


@pytest.fixture(scope="module")
def terminated(recipe, tmp_path_factory):
    """A run that SIGTERM ended before step 9 of epoch 2, and what it said."""
    with pytest.MonkeyPatch.context() as patch:
        plan(patch, 2, 9, lambda: signal.raise_signal(signal.SIGTERM))
        folder = tmp_path_factory.mktemp("terminated")
        with pytest.raises(Terminated) as ended:
            train(recipe, folder)
    return only_run(folder), ended.value


@pytest.fixture
def copy(terminated, tmp_path):
    """The same run, to be gone on with."""
    return Path(shutil.copytree(terminated[0], tmp_path / terminated[0].name))


# Signals -------------------------------------------------------------------------------------------------------------


def test_sigterm_keeps_the_state_between_two_steps(terminated, copy, uninterrupted):
    path, said = terminated
    assert said.code == 143
    assert str(said) == (
        f"terminated in epoch 2 after step 8: the state is kept; go on with: kzoo train --resume {path}"
    )
    assert (path / "checkpoints/epoch-00001-step-000008.safetensors").exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert_same(resume(copy), uninterrupted)


def test_ctrl_c_does_too_and_a_second_one_ends_at_once(recipe, tmp_path, monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        plan(monkeypatch, 1, 3, lambda: signal.raise_signal(signal.SIGINT))
        with pytest.raises(
            KeyboardInterrupt, match="in epoch 1 after step 2: the state is kept; go on with: kzoo train"
        ):
            train(recipe, tmp_path)
        again = only_run(tmp_path)
        plan(monkeypatch, 1, 6, lambda: [signal.raise_signal(signal.SIGINT) for _ in range(2)])
        with pytest.raises(
            KeyboardInterrupt, match=f"^interrupted; go on with: kzoo train --resume {again}$"
        ):
            resume(again)
    finally:
        signal.signal(signal.SIGINT, before)
    names = [path.stem for path in Checkpoints(again / "checkpoints").paths()]
    assert names == ["epoch-00000-step-000002", "epoch-00000"]


def test_the_command_line_ends_with_143(terminated, copy, command_line, monkeypatch):
    plan(monkeypatch, 3, 2, lambda: signal.raise_signal(signal.SIGTERM))
    status, said, complained = command_line("train", "--resume", copy)
    assert status == 143 and "resuming in epoch 2 after step 8" in said
    assert f"go on with: kzoo train --resume {copy}" in complained and "Traceback" not in complained


def test_keeping_the_state_at_every_step_changes_nothing(recipe, uninterrupted, tmp_path, monkeypatch):
    kept, usual = [], Checkpoints.save

    def save(self, *arguments, **keywords):
        kept.append(usual(self, *arguments, **keywords))

    monkeypatch.setattr(Checkpoints, "save", save)
    run = train(recipe, tmp_path, "run.checkpoint_minutes=1e-9")
    assert len(kept) == 1 + 3 * STEPS
    assert_same(run, uninterrupted)


# Disks and folders ---------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_last_checkpoint_whole(copy, uninterrupted, monkeypatch):
    beside = copy / "checkpoints" / f".epoch-00002.safetensors.{os.getpid()}"
    plan(
        monkeypatch, 2, 12, lambda: beside.symlink_to("/dev/full")
    )  # the kernel says ENOSPC to what is written there
    with pytest.raises(Failed) as failed:
        resume(copy)
    (problem,) = failed.value.problems
    assert "the disk is full: no room for epoch-00002.safetensors of " in problem.message
    assert " kB, " in problem.message and problem.message.endswith(" are free")
    assert problem.hint == (
        f"The state in epoch 2 after step 8 is kept. Make room, then: kzoo train --resume {copy}"
    )
    assert not [path for path in (copy / "checkpoints").iterdir() if path.name.startswith(".")]
    assert_same(resume(copy), uninterrupted)


def test_a_file_that_may_not_grow_so_big_is_said_to_be_so(copy, command_line, monkeypatch):
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    plan(monkeypatch, 2, 12, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1])))
    try:
        status, _, said = command_line("train", "--resume", copy)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert status == 1 and "Traceback" not in said
    assert "epoch-00002.safetensors of " in said and "is bigger than a file may be here" in said
    assert "The state in epoch 2 after step 8 is kept. Raise the limit (ulimit -f), then: kzoo train" in said


def test_a_run_folder_that_becomes_read_only(terminated, monkeypatch):
    folder = Path(tempfile.mkdtemp())  # where another user may look too
    folder.chmod(0o755)
    path = Path(shutil.copytree(terminated[0], folder / "run"))

    def close():
        for each in (path, path / "checkpoints"):
            each.chmod(0o555)
        if os.geteuid() == 0:  # to whom nothing is read-only
            os.seteuid(65534)

    plan(monkeypatch, 2, 12, close)
    try:
        with pytest.raises(
            Failed, match=r"can.t be written to any more: Permission denied, at history\.csv"
        ) as failed:
            resume(path)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        for each in (path, path / "checkpoints"):
            each.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
    assert (
        f"The state in epoch 2 after step 8 is kept. Make it writable, then: kzoo train --resume {path}"
        in str(failed.value)
    )


def test_a_run_folder_that_is_deleted_meanwhile(copy, command_line, monkeypatch):
    plan(monkeypatch, 2, 12, lambda: shutil.rmtree(copy))
    status, _, said = command_line("train", "--resume", copy)
    assert status == 1 and "Traceback" not in said
    assert f"{copy}: the run folder is gone: it was deleted or renamed while the training went on" in said
    assert "kzoo train --resume NEW_NAME" in said


# What was kept -------------------------------------------------------------------------------------------------------


def test_a_damaged_checkpoint_is_noticed_and_the_one_before_offered(copy, uninterrupted, command_line):
    newest, before = Checkpoints(copy / "checkpoints").paths()
    data = bytearray(newest.read_bytes())
    data[-100] ^= 1
    newest.write_bytes(data)
    status, _, said = command_line("train", "--resume", copy)
    assert status == 2 and f"{newest}: the checkpoint is damaged: its checksum doesn't hold" in said
    assert f"Go on from the one before it: kzoo train --resume {copy} --checkpoint {before.stem}" in said
    status, _, said = command_line("train", "--resume", copy, "--checkpoint", "epoch-00009")
    assert status == 2 and "no checkpoint 'epoch-00009'" in said and "epoch-00001-step-000008" in said
    status, said, _ = command_line("train", "--resume", copy, "--checkpoint", before.stem)
    assert status == 0 and "resuming after epoch 1" in said
    assert newest.with_suffix(".set-aside").read_bytes() == data
    assert_same(load_run(copy), uninterrupted)


def test_checkpoints_follow_their_steps_not_the_clock(tmp_path):
    kept = Checkpoints(tmp_path)
    for epoch, step in ((99_999, 3), (99_999, 0), (100_000, 0), (99_999, 1_000_000)):
        kept.save(epoch, {"a": np.zeros(1)}, {}, step)
        if epoch == 100_000:
            os.utime(kept.paths()[0], (1, 1))
    assert kept.newest()[1]["epoch"] == 100_000
    assert [path.stem for path in kept.paths()] == ["epoch-100000", "epoch-99999-step-1000000"]


def test_data_that_changed_is_refused(recipe, tmp_path, monkeypatch):
    def write(seed):
        generator = np.random.default_rng(seed)
        np.savez(tmp_path / "d.npz", x=generator.normal(size=(1280, 8, 8, 1)), y=np.arange(1280) % 10)

    write(0)
    plan(monkeypatch, 2, 1, lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Terminated, match=r"^terminated; go on with"):  # the epoch's own checkpoint is there
        train(recipe, tmp_path / "runs", f"data={{name: npz, path: {tmp_path / 'd.npz'}, test: 10%}}")
    write(1)
    with pytest.raises(
        KzooError, match=r"(?s)not what it was when this run started.*kzoo train .*resolved.yaml"
    ):
        resume(only_run(tmp_path / "runs"))


# Several at once, and clocks -----------------------------------------------------------------------------------------


def test_a_clock_that_goes_backwards(recipe, tmp_path, monkeypatch):
    class Backwards(datetime):
        hours = iter(range(23, 0, -1))

        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 11, 1, next(cls.hours), tzinfo=tz)

    times = iter(range(10**9, 0, -100))
    monkeypatch.setattr("kzoo.runs.folder.datetime", Backwards)
    monkeypatch.setattr("time.time", lambda: float(next(times)))
    runs = [train(recipe, tmp_path, "fit.epochs=2", f"seed={seed}") for seed in range(2)]
    assert [run.path.name for run in runs] == ["faulty-20261101-230000", "faulty-20261101-220000"]
    for run in runs:
        with (run.path / "history.csv").open() as file:
            assert all(0 <= float(row["seconds"]) < 600 for row in csv.DictReader(file))
        assert 0 <= run.results["seconds"] < 600
        names = [path.stem for path in Checkpoints(run.path / "checkpoints").paths()]
        assert names == ["epoch-00002", "epoch-00001"]


def test_runs_of_one_second_have_folders_of_their_own(recipe, tmp_path, monkeypatch):
    class Standing(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 11, 1, 12, tzinfo=tz)

    monkeypatch.setattr("kzoo.runs.folder.datetime", Standing)
    read, together = kzoo.load_recipe(recipe), threading.Barrier(4)

    def make(made):
        together.wait()
        made += [new_run(read, tmp_path, {"seed": 3}) for _ in range(5)]

    made: list = []
    threads = [threading.Thread(target=make, args=[made]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = ["faulty-20261101-120000", *(f"faulty-20261101-120000-{number}" for number in range(2, 21))]
    assert [run.path.name for run in all_runs(tmp_path)] == names
    assert sorted(run.path for run in made) == sorted(run.path for run in all_runs(tmp_path))


# Output --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def printing_to(monkeypatch, tmp_path, capsys):
    """Calls the command line with standard output somewhere else."""

    def call(stream, *arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["kzoo", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdout", stream)
        duplicate = os.dup2
        monkeypatch.setattr(os, "dup2", lambda old, new: new == 1 or duplicate(old, new))  # 1 is pytest's own
        with pytest.raises(SystemExit) as ended:
            main()
        with contextlib.suppress(OSError):
            stream.close()
        return ended.value.code, capsys.readouterr().err

    return call


def test_nobody_reads_on(printing_to, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    status, said = printing_to(os.fdopen(writing, "w"), "train", "digits_quick", "fit.epochs=2")
    assert status == 0 and "note: the output can't be written (Broken pipe); the training goes on" in said
    assert load_run(only_run(tmp_path / "runs")).finished


def test_output_onto_a_full_disk(printing_to, tmp_path):
    full = Path("/dev/full").open("w")  # noqa: SIM115 - to close it fails
    status, said = printing_to(full, "train", "digits_quick", "fit.epochs=2")
    assert status == 1 and "failed: the output can't be written: No space left on device" in said
    assert load_run(only_run(tmp_path / "runs")).finished and "Traceback" not in said


def test_a_reader_that_has_gone_to_sleep_holds_nothing_up(capsys):
    from kzoo.cli.standard_streams import Heedless

    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        out = Heedless(stream)
        for _ in range(200):
            out.write("x" * 1000)
        assert out.broken is None
        read = os.read(reading, 10**6)
        out.write("awake")
        assert os.read(reading, 10**6).endswith(b"awake") and 50_000 < len(read) < 70_000
    os.close(reading)
    assert capsys.readouterr().err.count("nobody reads the output") == 1
