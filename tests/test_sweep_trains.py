"""Sweeps that train: killed in the middle they go on, and each trial is what `kzoo train` makes of its command."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

pytestmark = pytest.mark.slow

RECIPE = """\
name: swept
data: {name: digits, batch_size: 64, validation: 20%, augment: [{name: random_shift, pixels: 1}]}
model: {name: mlp, hidden: [32], activation: relu}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: sgd, learning_rate: 0.1}
  metrics: [accuracy]
fit: {epochs: 25}
"""


def start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "kzoo", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process, status=0):
    said, _ = process.communicate(timeout=300)
    assert process.returncode == status, said
    return said


def wait_until(process, happened):
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def descendants(process):
    found, todo = [], [process]
    while todo:
        one = todo.pop()
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            below = [int(each) for each in children.read_text().split()]
            found, todo = found + below, todo + below
    return found


def is_gone(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def weights(run):
    arrays = {}
    with zipfile.ZipFile(run / "model.keras") as archive, h5py.File(archive.open("model.weights.h5")) as file:
        file.visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return arrays


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_sweep_killed_in_the_middle_goes_on_and_each_trial_is_as_trained_alone(tmp_path):
    (tmp_path / "swept.yaml").write_text(RECIPE)
    axes = ("model.activation=relu,mish", "compile.optimizer.learning_rate=0.1,1e30")
    process = start(tmp_path, "sweep", "swept.yaml", *axes, "--into", "mine")
    # The second trial diverges. Killed in the middle of the third, all processes of the sweep end.
    third = tmp_path / "mine" / "runs" / "002-mish-0.1"
    wait_until(process, lambda: list(third.glob("checkpoints/epoch-00004.safetensors")))
    below = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(below) == 2  # the one that has Keras, and its fork that trains
    deadline = time.monotonic() + 20
    while not all(is_gone(each) for each in below):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not (third / "results.json").exists()
    first = tmp_path / "mine" / "runs" / "000-relu-0.1"
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}

    (tmp_path / "swept.yaml").unlink()  # the folder alone has to do
    said = finish(start(tmp_path, "sweep", "--resume", "mine"))
    assert "4 cells of a grid, 2 to train" in said and "(gone on with)" in said
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before
    assert "resuming after epoch" in (tmp_path / "mine" / "logs" / "002-mish-0.1.log").read_text()
    with (tmp_path / "mine" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["complete", "fail", "complete", "fail"]
    assert all("the loss is" in row["failure"] for row in rows if row["state"] == "fail")

    # What the table gives as the command makes the same weights, bit for bit; that of the interrupted trial too.
    (tmp_path / "swept.yaml").write_text(RECIPE)
    command = shlex.split(rows[2]["command"])
    finish(start(tmp_path, *command[1:]))
    (alone,) = (tmp_path / "runs").iterdir()
    ours, theirs = weights(tmp_path / "mine" / rows[2]["run"]), weights(alone)
    assert ours.keys() == theirs.keys() and len(ours) >= 4
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    swept, single = (json.loads((run / "results.json").read_text()) for run in (third, alone))
    assert all(swept[split] == single[split] for split in ("train", "validation", "test"))
    assert float(rows[2]["val_accuracy"]) == single["validation"]["accuracy"]


def test_a_sweep_over_backends_starts_a_process_for_each(tmp_path):
    (tmp_path / "swept.yaml").write_text(RECIPE)
    said = finish(
        start(tmp_path, "sweep", "swept.yaml", "run.backend=tensorflow,jax", "fit.epochs=1", "--json")
    )
    trials = json.loads(said)["trials"]
    assert [each["state"] for each in trials] == ["complete"] * 2
    for each, backend in zip(trials, ("tensorflow", "jax")):
        (folder,) = (tmp_path / "sweeps").iterdir()
        assert json.loads((folder / each["run"] / "results.json").read_text())["backend"] == backend


def test_the_study_on_cifar10_is_kept_true_on_made_up_data():
    """Its last network; tests of recipes build the others."""
    import keras
    import tensorflow_datasets as tfds

    from kzoo.build.dry_run import dry_run
    from kzoo.build.experiment import build
    from kzoo.recipe import load_recipe
    from kzoo.sweep.plan import make_plan

    plan, _ = make_plan("activation_study_cifar10", [])
    networks = plan.axes[0].names
    assert plan.size == 72
    assert networks == ("preresnet164bn", "wrn28_10", "densenet100_k12 compression=1 stem_width=16")
    overrides = plan.overrides({"model": plan.axes[0].texts[2], "model.activation": "swish", "seed": "2"})
    with tfds.testing.mock_data(num_examples=70):
        experiment = build(load_recipe("activation_study_cifar10", overrides))
        dry_run(experiment)
    # 32 units a stage, from 16, 400 and 784 channels, each a norm and a 3×3 convolution to 12; moving statistics count.
    units = sum((4 + 9 * 12) * (begin + 12 * unit) for begin in (16, 400, 784) for unit in range(32))
    between = sum(4 * width + width**2 for width in (400, 784))
    assert experiment.model.count_params() == 27 * 16 + units + between + 4 * 1168 + 1168 * 10 + 10
    activations = [each for each in experiment.model.layers if isinstance(each, keras.layers.Activation)]
    assert {each.activation.__name__ for each in activations} == {"silu"} and len(activations) == 99


def test_ctrl_c_ends_it_and_pruning_shows_in_the_run_folder(tmp_path):
    (tmp_path / "swept.yaml").write_text(RECIPE)
    axes = ("compile.optimizer.learning_rate=0.1,0.11,0.12,0.13,0.14,1e-6", "fit.epochs=4")
    process = start(tmp_path, "sweep", "swept.yaml", *axes, "--prune", "--into", "mine", "--workers", 1)
    wait_until(process, lambda: (tmp_path / "mine" / "runs" / "001-0.11").exists())
    os.kill(process.pid, signal.SIGINT)
    said = finish(process, 130)
    assert "go on with: kzoo sweep --resume mine" in said and "Traceback" not in said
    said = finish(start(tmp_path, "sweep", "--resume", "mine"))
    pruned = tmp_path / "mine" / "runs" / "005-1e-06"
    told = json.loads((pruned / "pruned.json").read_text())
    assert told["epoch"] < 4 and told["monitor"] == "val_accuracy" and not (pruned / "results.json").exists()
    from kzoo.cli.runs import _columns
    from kzoo.runs import load_run

    assert _columns(load_run(pruned))[:2] == (
        str(told["epoch"]),
        f"pruned at val_accuracy {told['value']:.4f}",
    )
