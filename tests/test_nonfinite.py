"""A loss that is no number is stopped at its step, and what went first is named and kept."""

import json
import re

import keras
import numpy as np
import pytest

import kzoo
from kzoo.build.experiment import build
from kzoo.runs.checkpoint import Checkpoints, read_state, write_state
from kzoo.training.first_nonfinite import first_nonfinite
from kzoo.training.train import resume

RECIPE = """\
name: diverging
seed: 1
data: DATA
model:
  layers:
    - flatten
    - {name: dense, units: 16, activation: relu, kernel_initializer: {name: he_normal}}
    - {name: dropout, rate: 0.2}
    - {name: dense, units: 10}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: OPTIMIZER
fit: {epochs: 3}
run: {tensorboard: false}
"""


def write(folder, data="{name: digits, batch_size: 64}", optimizer="adam"):
    path = folder / "diverging.yaml"
    path.write_text(RECIPE.replace("DATA", data).replace("OPTIMIZER", optimizer))
    return path


def stopped(path, folder):
    """What is said of a training that stops, and its run folder."""
    with pytest.raises(FloatingPointError) as error:
        kzoo.train(path, runs=folder / "runs", verbose=False)
    (run,) = (folder / "runs").iterdir()
    return str(error.value), run


def place(said):
    return tuple(map(int, re.search(r"in epoch (\d+), step (\d+) of", said).groups()))


@pytest.mark.slow
def test_an_example_that_is_too_large(tmp_path):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(900, 8, 8)).astype("float32"), np.arange(900) % 10
    x[517] = 3e38
    np.savez(tmp_path / "d.npz", x=x, y=y)
    path = write(tmp_path, f"{{name: npz, path: {tmp_path / 'd.npz'}, batch_size: 64, test: 90}}")
    said, run = stopped(path, tmp_path)
    batches = list(build(kzoo.load_recipe(path)).training_data().as_numpy_iterator())
    (step,) = [index for index, (x, _) in enumerate(batches[:13]) if x.max() > 1e37]
    assert place(said) == (1, step + 1) and said.startswith("the loss is ")
    assert re.search(r"What went first: the output of dense\w* \(Dense\), [\d.]+ % of it infinite", said)
    kept = np.load(run / "nonfinite" / "batch.npz")
    assert np.array_equal(kept["x"], batches[step][0]) and np.array_equal(kept["y"], batches[step][1])


@pytest.mark.slow
def test_weights_that_explode_in_the_second_epoch(tmp_path):
    # The 27th step of the optimizer takes a rate that throws all weights away.
    rate = "{name: piecewise_constant_decay, boundaries: [25], values: [1e-3, 1e25]}"
    path = write(tmp_path, optimizer=f"{{name: adam, learning_rate: {rate}}}")
    said, run = stopped(path, tmp_path)

    # The same training by hand, to the first loss that is no number.
    experiment = build(kzoo.load_recipe(path))
    model, losses, before = experiment.model, [], None
    model.optimizer.build(model.trainable_variables)
    for batch in experiment.training_data().as_numpy_iterator():
        before = [np.array(each) for each in model.get_weights()]
        losses.append(float(model.train_on_batch(*batch, return_dict=True)["loss"]))
        if not np.isfinite(losses[-1]):
            break
    steps = experiment.steps_per_epoch
    assert len(losses) > steps and place(said) == (2, len(losses) - steps)

    assert re.search(r"What went first: the output of dense\w* \(Dense\), 100 % of it infinite", said), said
    assert f"kzoo train {run / 'resolved.yaml'} compile.optimizer.learning_rate=1e+24" in said
    found = json.loads((run / "nonfinite" / "first.json").read_text())
    assert (found["epoch"], found["step"]) == place(said) and found["first"]["what"] == "output"
    assert [each["type"] for each in found["first"]["layers"]] == ["Flatten", "Dense", "Dropout", "Dense"]

    # What was kept is the state before that step, and is enough to see it again.
    again = build(kzoo.load_recipe(run / "resolved.yaml")).model
    again.optimizer.build(again.trainable_variables)
    tensors, _ = Checkpoints(run / "nonfinite").newest()
    write_state(again, tensors, run)
    for ours, by_hand in zip(again.get_weights(), before):
        np.testing.assert_array_equal(ours, by_hand)
    kept = np.load(run / "nonfinite" / "batch.npz")
    assert not np.isfinite(again.train_on_batch(kept["x"], kept["y"], return_dict=True)["loss"])

    # The last good checkpoint is still there; going on from it comes to the same end.
    with pytest.raises(FloatingPointError) as error:
        resume(run)
    named = re.compile(r"dense_\d+")  # a second model of this process has other numbers in its names
    assert named.sub("dense", str(error.value)) == named.sub("dense", said)


@pytest.mark.slow
def test_what_does_not_happen_again_is_said_to_be_so(tmp_path, monkeypatch):
    import kzoo.training.position as at

    usual, done = at.Position.on_train_batch_begin, []

    def begin(self, batch, logs=None):
        usual(self, batch, logs)
        if not done and (self.epoch, batch) == (1, 3):
            done.append(True)
            self.model.trainable_variables[2].assign(np.full((16, 10), np.nan))

    monkeypatch.setattr(at.Position, "on_train_batch_begin", begin)
    said, run = stopped(write(tmp_path), tmp_path)
    assert place(said) == (2, 4) and "this device doesn't compute the same twice" in said
    assert f"Try again from there: kzoo train --resume {run}" in said
    monkeypatch.undo()
    assert resume(run).finished


# What went first -----------------------------------------------------------------------------------------------------


def model_of(*layers, loss="mse", rate=0.1):
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(loss=loss, optimizer=keras.optimizers.SGD(rate), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def dense(name):
    return keras.layers.Dense(1, name=name, kernel_initializer="ones")


CASES = {
    "batch": (lambda: model_of(dense("a")), "the batch itself, 1 of 3 values in the inputs of example 0$"),
    "output": (
        lambda: model_of(
            dense("a"), keras.layers.Rescaling(1e30, name="b"), keras.layers.Rescaling(1e30, name="c")
        ),
        r"the output of c \(Rescaling\), 100 % of it infinite",
    ),
    "loss": (
        lambda: model_of(dense("a"), loss=lambda y, output: keras.ops.log(0 * output)),
        "the loss itself, -inf, from outputs between 6 and 6",
    ),
    "gradient": (
        lambda: model_of(dense("a"), dense("b"), loss=lambda y, output: keras.ops.sqrt(0 * output)),
        r"the gradient of .*b/bias, 1 of 1 values, though the loss was 0",
    ),
    "update": (
        lambda: model_of(dense("a"), rate=3e38),
        "the optimizer's update, though the loss was 36 and every gradient finite",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_what_went_first(what, tmp_path):
    make, text = CASES[what]
    model = make()
    batch = np.array([[1, 2, 3]], "float32"), np.array([[0]], "float32")
    if what == "batch":
        batch[0][0, 1] = np.nan
    model.test_on_batch(*batch)
    found = first_nonfinite(model, batch, read_state(model), tmp_path)
    assert found.what == what and re.match(text, found.text)
