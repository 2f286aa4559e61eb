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
    "tensorflow": {"plain": [], "one_left": ["data.batch_size=28", CLIPPED, "run.remat=true"]},
    "jax": {"plain": [], "odd": ["data.batch_size=15", SAM, "run.remat=true"]},
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
    elif not isinstance(one, float):
        assert one == other, key
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
    assert problem.excerpt == f"run.distribute={wrong}"
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


# One device ----------------------------------------------------------------------------------------------------------

PLAIN = [
    "model={layers: [flatten, {name: dense, units: 8, activation: tanh}, {name: dense, units: 5}]}",
    "data.validation=18",  # 80 examples to train on
]


def train_plainly(folder, *overrides):
    recipe = kzoo.load_recipe(folder / "recipe.yaml", [*PLAIN, *overrides])
    return kzoo.train(recipe, runs=folder / "runs", verbose=False)


def test_accumulated_gradients_are_those_of_the_large_batch(tmp_path):
    write_recipe(tmp_path)
    optimizer = "name: sgd, momentum: 0.9, learning_rate: 0.1"
    large = train_plainly(tmp_path, "data.batch_size=16", f"compile.optimizer={{{optimizer}}}")
    small = train_plainly(
        tmp_path, "data.batch_size=4", f"compile.optimizer={{{optimizer}, gradient_accumulation_steps: 4}}"
    )
    # The order within an epoch is the same.
    for one, other in zip(large.model.get_weights(), small.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6 * np.abs(one).max())


def rows_of(run):
    from kzoo.runs.history import read_rows

    return read_rows(run.path / "history.csv")


def test_averaged_weights_are_what_is_measured_and_saved(tmp_path):
    write_recipe(tmp_path)
    averaged = "compile.optimizer={name: sgd, learning_rate: 0.5, use_ema: true, ema_momentum: 0.9}"
    plain = train_plainly(tmp_path, "compile.optimizer={name: sgd, learning_rate: 0.5}", "fit.epochs=1")
    run = train_plainly(tmp_path, averaged, "fit.epochs=1")
    loaded = kzoo.load_run(run.path).model
    x, y = np.load(tmp_path / "data.npz")["x_test"], np.load(tmp_path / "data.npz")["y_test"]
    assert loaded.evaluate(x, y, verbose=0, return_dict=True)["loss"] == pytest.approx(
        run.results["test"]["loss"], rel=1e-5
    )
    assert run.results["test"]["loss"] != pytest.approx(plain.results["test"]["loss"], rel=1e-3)


def test_half_precision_scales_the_loss(tmp_path):
    write_recipe(tmp_path)
    for optimizer in ("adam", "{name: sam, optimizer: sgd}"):
        run = train_plainly(
            tmp_path, "run.precision=mixed_float16", f"compile.optimizer={optimizer}", "fit.epochs=1"
        )
        assert type(run.model.optimizer).__name__ == "LossScaleOptimizer"
        assert np.isfinite(run.results["test"]["loss"])
        assert {keras.backend.standardize_dtype(each.dtype) for each in run.model.weights} == {"float32"}
        assert run.model.layers[-1].compute_dtype == "float16"


@pytest.mark.parametrize(
    "overrides, compiled",
    [
        ([], keras.backend.backend() == "jax"),
        (["run.jit=true"], True),
        (["run.jit=true", "compile.jit_compile=false"], False),
        (["run.jit=false"], False),
    ],
    ids=str,
)
def test_xla_as_the_recipe_says(tmp_path, overrides, compiled):
    from kzoo.build.experiment import build

    write_recipe(tmp_path)
    assert build(kzoo.load_recipe(tmp_path / "recipe.yaml", overrides)).model.jit_compile is compiled
