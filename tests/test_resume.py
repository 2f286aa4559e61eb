"""A killed training goes on to bit-for-bit the weights and history of one that was not."""

import csv
import random
import signal
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np
import pytest

import kzoo
from kzoo.problems import KzooError

pytestmark = pytest.mark.slow

RECIPE = """\
name: interrupted
seed: 7
data:
  name: digits
  batch_size: 16
  validation: 20%
  augment: [{name: random_shift, pixels: 1}, {name: random_rotation, factor: 0.02}]
model:
  layers:
    - {name: conv2d, filters: 16, kernel_size: 3, padding: same, use_bias: false}
    - batch_normalization
    - {name: activation, activation: relu}
    - {name: conv2d, filters: 64, kernel_size: 3, padding: same}
    - {name: conv2d, filters: 64, kernel_size: 3, padding: same}
    - flatten
    - {name: dropout, rate: 0.3}
    - {name: dense, units: 10}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adamw, learning_rate: {name: warmup_cosine, peak: 3e-3, warmup: 10%}, use_ema: true}
  metrics: [accuracy]
fit:
  epochs: 5
  callbacks: [{name: early_stopping, patience: 4, restore_best_weights: true}]
run:
  backend: BACKEND
  checkpoint_minutes: 0.0005
"""


def start(folder, *arguments):
    """Starts the command line in a process of its own, which Ctrl-C reaches even where it is ignored here."""
    return subprocess.Popen(
        [sys.executable, "-m", "kzoo", "train", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process):
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def only_run(folder):
    (path,) = [path for path in (folder / "runs").iterdir() if not path.name.startswith(".")]
    return path


def weights(run):
    """Every array in a saved model, optimizer included, by its place in the file."""
    arrays = {}
    with zipfile.ZipFile(run / "model.keras") as archive, h5py.File(archive.open("model.weights.h5")) as file:
        file.visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return arrays


def history(run):
    with (run / "history.csv").open() as file:
        return [
            {key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def uninterrupted(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"uninterrupted-{request.param}")
    (folder / "recipe.yaml").write_text(RECIPE.replace("BACKEND", request.param))
    finish(start(folder, "recipe.yaml"))
    return folder


def wait_until(process, happened):
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def kill_when(process, happened):
    wait_until(process, happened)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def runs_in(folder):
    return [path for path in (folder / "runs").glob("*") if not path.name.startswith(".")]


MOMENTS = {
    "before the first checkpoint": lambda folder: runs_in(folder),
    "as the first history row is written": lambda folder: any(
        (run / "history.csv").exists() for run in runs_in(folder)
    ),
    "somewhere in the second half": lambda folder: (
        list(folder.glob("runs/*/checkpoints/epoch-00002-step-*.safetensors"))
        and not time.sleep(random.uniform(0, 0.2))
    ),
    "after the last epoch": lambda folder: list(folder.glob("runs/*/checkpoints/epoch-00005.safetensors")),
}


def test_a_training_killed_again_and_again_ends_as_if_it_had_not_been(uninterrupted, tmp_path):
    (tmp_path / "recipe.yaml").write_text((uninterrupted / "recipe.yaml").read_text())
    command = ["recipe.yaml"]
    for moment, happened in MOMENTS.items():
        kill_when(start(tmp_path, *command), lambda happened=happened: happened(tmp_path))
        run = only_run(tmp_path)
        if (run / "results.json").exists():
            pytest.fail(f"the training was over before it could be killed {moment}")
        (tmp_path / "recipe.yaml").unlink(missing_ok=True)  # the run folder alone has to do
        command = ["--resume", run]
    finish(start(tmp_path, *command))
    wanted = only_run(uninterrupted)
    assert history(run) == history(wanted)
    ours, theirs = weights(run), weights(wanted)
    assert ours.keys() == theirs.keys()
    for name in theirs:
        assert np.array_equal(ours[name], theirs[name]), name
    for split in ("train", "validation", "test"):
        assert kzoo.load_run(run).results[split] == kzoo.load_run(wanted).results[split]


def test_an_interrupted_training_says_how_to_go_on(tmp_path):
    text = RECIPE.replace("BACKEND", "tensorflow").replace("epochs: 5", "epochs: 500")
    (tmp_path / "recipe.yaml").write_text(text)
    process = start(tmp_path, "recipe.yaml")
    wait_until(process, lambda: list(tmp_path.glob("runs/*/checkpoints/epoch-00002.safetensors")))
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"kzoo train --resume runs/{only_run(tmp_path).name}" in said and "Traceback" not in said


def test_a_finished_run_is_not_resumed(uninterrupted):
    from kzoo.training.train import resume

    with pytest.raises(KzooError, match="this run has finished"):
        resume(only_run(uninterrupted))


def test_four_trainings_in_one_second_have_four_folders(tmp_path):
    processes = [start(tmp_path, "digits_quick", "fit.epochs=1") for _ in range(4)]
    for process in processes:
        finish(process)
    assert len(runs_in(tmp_path)) == 4
    assert all((run / "results.json").exists() for run in runs_in(tmp_path))
