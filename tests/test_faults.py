"""What goes wrong in a training: each fault is caused for real, and nothing that was kept before it is lost."""

import csv
import os
import signal
import zipfile

import h5py
import numpy as np
import pytest

import kzoo
from kzoo.problems import Terminated
from kzoo.training.position import Position
from kzoo.training.train import resume

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
def at(monkeypatch):
    """Has something done once, before a step of an epoch; both from 1."""

    def plan(epoch, step, act):
        usual = Position.on_train_batch_begin
        done = []

        def begin(self, batch, logs=None):
            usual(self, batch, logs)
            if not done and (self.epoch + 1, self.skipped + batch + 1) == (epoch, step):
                done.append(True)
                act()

        monkeypatch.setattr(Position, "on_train_batch_begin", begin)

    return plan


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


def test_sigterm_keeps_the_state_between_two_steps(recipe, uninterrupted, tmp_path, at):
    at(2, 9, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(
        Terminated, match=r"in epoch 2 after step 8: the state is kept; go on with: kzoo train"
    ) as ended:
        train(recipe, tmp_path)
    assert ended.value.code == 143
    path = only_run(tmp_path)
    assert (path / "checkpoints/epoch-00001-step-000008.safetensors").exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert_same(resume(path), uninterrupted)


def test_keeping_the_state_at_every_step_changes_nothing(recipe, uninterrupted, tmp_path, monkeypatch):
    kept = []
    usual = kzoo.runs.checkpoint.Checkpoints.save

    def save(self, *arguments, **keywords):
        kept.append(usual(self, *arguments, **keywords))

    monkeypatch.setattr(kzoo.runs.checkpoint.Checkpoints, "save", save)
    run = train(recipe, tmp_path, "run.checkpoint_minutes=1e-9")
    assert len(kept) == 1 + 3 * STEPS
    assert_same(run, uninterrupted)
