"""What goes wrong in a training: each fault is caused for real, and nothing that was kept before it is lost."""

import csv
import os
import resource
import shutil
import signal
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

import kzoo
from kzoo.problems import Failed, KzooError, Terminated
from kzoo.runs import load_run
from kzoo.runs.checkpoint import Checkpoints
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


# Clocks ------------------------------------------------------------------------------------------


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
