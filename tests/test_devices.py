"""Two devices of one host train as one: same losses, weights and metrics, whatever the last batch has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kzoo
from kzoo.build.distribution import Distribution
from kzoo.problems import KzooError

HERE = Path(__file__).parent
RECIPE = """\
name: spread
seed: 3
data: {name: npz, path: data.npz, batch_size: 16, validation: 13}
model:
  layers:
    - {name: conv2d, filters: 4, kernel_size: 3, use_bias: false}
    - batch_normalization
    - {name: activation, activation: relu}
    - flatten
    - {name: dense, units: 5, kernel_regularizer: {name: l2, l2: 0.01}}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: sgd, learning_rate: 0.05, momentum: 0.9}
  metrics: [accuracy, balanced_accuracy]
fit: {epochs: 2}
run: {tensorboard: false}
"""
CLIPPED = "compile.optimizer={name: adamw, learning_rate: {name: linear, start: 3e-3}, global_clipnorm: 1.0}"
SAM = "compile.optimizer={name: sam, optimizer: {name: sgd, learning_rate: 0.05}}"
# 85 examples to train on: batches of 16 leave 5 over, of 28 one, of which one device gets none; 15 can't be halved.
CASES = {
    "tensorflow": {"plain": [], "one_left": ["data.batch_size=28"], "clipped": [CLIPPED], "sam": [SAM]},
    "jax": {"plain": [], "odd": ["data.batch_size=15"], "sam": [SAM]},
}
KIND = {"tensorflow": "mirrored", "jax": "data_parallel"}


def write_recipe(folder):
    """A recipe, and data for it that can be learned: brightness tells the class."""
    random = np.random.default_rng(0)
    y = random.integers(0, 5, 130)
    x = (random.random((130, 8, 8, 1)) + y[:, None, None, None] * 0.1).astype("float32")
    np.savez(folder / "data.npz", x=x[:98], y=y[:98], x_test=x[98:], y_test=y[98:])
    (folder / "recipe.yaml").write_text(RECIPE)


def environment(backend):
    return {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def trained(request, tmp_path_factory):
    folder, backend = tmp_path_factory.mktemp(request.param), request.param
    write_recipe(folder)
    cases = []
    for name, overrides in CASES[backend].items():
        cases.append("|".join([f"one_{name}", *overrides]))
        cases.append("|".join([f"two_{name}", *overrides, f"run.distribute={KIND[backend]}"]))
        if name == "plain":
            cases.append("resumed")
    command = [sys.executable, "-W", "ignore", str(HERE / "devices.py"), str(folder), *cases]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=HERE.parent, env=environment(backend)
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("CASE ")]
    return backend, folder, {each["name"]: each for each in told}


def assert_close(one, other, key=""):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if key not in ("seconds", "run"):
                assert_close(one[key], other[key], key)
    elif "accuracy" in key:
        assert one == pytest.approx(other, rel=1e-7), key  # counts divided by counts
    else:
        assert one == pytest.approx(other, rel=1e-5), key


def weights(folder, name):
    with np.load(folder / f"{name}.npz") as file:
        return [file[key] for key in file.files]


def assert_as_one(folder, told, one, two):
    for row, other in zip(told[one]["rows"], told[two]["rows"], strict=True):
        assert_close(row, other)
    assert_close(told[one]["results"], told[two]["results"])
    for mine, theirs in zip(weights(folder, one), weights(folder, two), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5 * np.abs(mine).max())


@pytest.mark.slow
def test_two_devices_train_as_one(trained):
    backend, folder, told = trained
    for name in CASES[backend]:
        assert_as_one(folder, told, f"one_{name}", f"two_{name}")


@pytest.mark.slow
def test_a_resumed_training_ends_as_one_that_was_not_interrupted(trained):
    _, folder, told = trained
    assert "resuming after epoch 1" in told["resumed"]["said"]
    assert_as_one(folder, told, "two_plain", "resumed")


@pytest.mark.slow
def test_the_log_says_both_batch_sizes(trained):
    backend, _, told = trained
    assert f"devices: 2 ({KIND[backend]}), global batch size 16, 8 per device\n" in told["two_plain"]["said"]
    assert "devices:" not in told["one_plain"]["said"]
    if backend == "jax":
        assert "global batch size 15, 8 per device; 15 isn't a multiple of 2" in told["two_odd"]["said"]


@pytest.mark.slow
def test_the_saved_model_is_one_for_any_device(trained):
    _, _, told = trained
    assert all(each["same"] and not each["synchronized"] for each in told.values())


def test_a_kind_of_another_backend_is_refused_at_its_place(tmp_path):
    write_recipe(tmp_path)
    backend = keras.backend.backend()
    wrong = "data_parallel" if backend == "tensorflow" else "mirrored"
    with pytest.raises(KzooError) as caught:
        kzoo.train(kzoo.load_recipe(tmp_path / "recipe.yaml", [f"run.distribute={wrong}"]), runs=tmp_path)
    (problem,) = caught.value.problems
    assert f"run.distribute={wrong}" in problem.place or problem.line
    assert KIND[backend] in problem.hint and wrong in problem.message


@pytest.mark.parametrize("kind", [None, "auto"])
def test_one_device_needs_no_distribution(tmp_path, kind):
    from kzoo.build.distribution import distribution

    assert distribution(kind) == Distribution() and Distribution().share is None


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="MirroredStrategy is TensorFlow's")
def test_what_replicas_can_not_do_is_refused():
    from kzoo.build.mirrored import adapt_to_replicas

    model = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(gradient_accumulation_steps=2), "mse")
    with pytest.raises(KzooError, match="accumulated"):
        adapt_to_replicas(model, 2, 2)
    model.compile("sophia", "mse")
    with pytest.raises(KzooError, match="Sophia can't measure"):
        adapt_to_replicas(model, 2, 2)
