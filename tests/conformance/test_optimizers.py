"""Every own optimizer against its reference: the same walk of 200 steps as tests/golden/make_optimizers.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from .gradients import BACKEND, as_float64, distance, double_precision
from .own_parts import each_part, make, own_cards
from .references import REFERENCES
from .references.optimizers import DECAY_OF_ITS_OWN, STEP_GROWS_WITH_RATE
from .training import COMPILED, batch, linear_model, saved_and_loaded, trained
from .walk import walk


def _cases(card):
    return REFERENCES["optimizer"][card.name].cases(card.name)


@each_part("optimizer")
def test_trajectories_in_float32(card, proof):
    for case in _cases(card):
        error = distance(walk(make(card, case.arguments), "float32"), case.arrays["float32"])
        assert error <= 1e-5, case.arguments
        proof(card, "values", value_error=error)


@each_part("optimizer")
def test_trajectories_in_float64(card, proof):
    with double_precision():
        for case in _cases(card):
            error = distance(walk(make(card, case.arguments), "float64"), case.arrays["float64"])
            assert error <= 1e-9, case.arguments
            proof(card, "float64", float64_error=error)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 0.02), ("bfloat16", 0.15)])
@each_part("optimizer")
def test_half_precision(card, proof, dtype, tolerance):
    for case in _cases(card):
        walked = walk(make(card, case.arguments), dtype, steps=20)
        assert distance(walked, case.arrays["float32"][: len(walked)]) <= tolerance
    proof(card, dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@each_part("optimizer")
def test_extreme_gradients_stay_finite(card, proof, dtype):
    for case in _cases(card):
        for gradient in ([0.0, -0.0, 0.0], [1e2, -1e2, 1.0], [1e-40, -1e-40, 1e-20], [1e-3, 0.0, 0.1]):
            weight = keras.Variable([1.0, -1.0, 0.0], dtype=dtype)
            optimizer = make(card, case.arguments)
            for _ in range(12):
                optimizer.apply([ops.convert_to_tensor(gradient, dtype)], [weight])
            assert np.isfinite(as_float64(weight)).all(), (case.arguments, gradient)
    proof(card, "extremes")


@each_part("optimizer")
def test_config_round_trip(card, proof):
    for case in _cases(card):
        optimizer = make(card, case.arguments, use_ema=True, ema_momentum=0.9, name="named")
        config = json.loads(json.dumps(optimizer.get_config()))
        again = type(optimizer).from_config(config)
        assert again.get_config() == optimizer.get_config()
        assert again.name == "named" and again.use_ema and again.ema_momentum == 0.9
        simple = make(card, case.arguments)
        again = keras.optimizers.deserialize(keras.optimizers.serialize(simple))
        assert (walk(again, "float32", steps=7) == walk(simple, "float32", steps=7)).all()
    proof(card, "config")


@each_part("optimizer")
def test_training_and_compiling(card, proof):
    for case in _cases(card):
        results = [
            trained(linear_model, jit, steps=8, optimizer=make(card, case.arguments)) for jit in COMPILED
        ]
        assert distance(results[-1], results[0]) <= 1e-5
    proof(card, "graph")
    if len(COMPILED) > 1:
        proof(card, "xla")


@each_part("optimizer")
def test_a_saved_training_goes_on_as_if_nothing_had_happened(card, proof, tmp_path):
    for case in _cases(card):
        model = linear_model()
        model.compile(make(card, case.arguments, use_ema=True), "mse")
        for _ in range(7):
            model.train_on_batch(*batch())
        again = saved_and_loaded(model, tmp_path)
        assert len(again.optimizer.variables) == len(model.optimizer.variables)
        for _ in range(7):
            model.train_on_batch(*batch())
            again.train_on_batch(*batch())
        for one, other in zip(model.get_weights(), again.get_weights()):
            assert (one == other).all()
    proof(card, "save_load")


# What every Keras optimizer takes ----------------------------------------------------------------------------------


def _moved(card, arguments, gradients, start=(1.0, -2.0, 3.0), **more):
    """The weight after steps with these gradients."""
    weight = keras.Variable(np.float32(start))
    optimizer = make(card, arguments, **more)
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(np.float32(gradient))], [weight])
    return as_float64(weight), optimizer


GRADIENTS = np.random.default_rng(0).normal(scale=3, size=(11, 3))


@each_part("optimizer")
def test_clipping(card, proof):
    arguments = _cases(card)[0].arguments
    norms = np.linalg.norm(GRADIENTS, axis=1, keepdims=True)
    by_norm = GRADIENTS * np.minimum(1, 0.5 / norms)
    plain, _ = _moved(card, arguments, GRADIENTS)
    for clipping in ({"clipnorm": 0.5}, {"global_clipnorm": 0.5}):
        clipped, _ = _moved(card, arguments, GRADIENTS, **clipping)
        assert distance(clipped, _moved(card, arguments, by_norm)[0]) <= 1e-5
        assert distance(clipped, plain) > 1e-4
    clipped, _ = _moved(card, arguments, GRADIENTS, clipvalue=0.5)
    assert distance(clipped, _moved(card, arguments, GRADIENTS.clip(-0.5, 0.5))[0]) <= 1e-5
    proof(card, "clipping")


@each_part("optimizer")
def test_weight_decay(card, proof):
    if card.name in DECAY_OF_ITS_OWN:
        assert any("weight_decay" in case.arguments for case in _cases(card))
        proof(card, "weight_decay")
        return
    arguments = {key: value for key, value in _cases(card)[0].arguments.items() if key != "weight_decay"}
    decayed, optimizer = _moved(card, arguments, GRADIENTS[:1], weight_decay=0.1)
    plain, _ = _moved(card, arguments, GRADIENTS[:1])
    rate = float(ops.convert_to_numpy(optimizer.learning_rate))
    assert distance(plain - decayed, rate * 0.1 * np.array([1.0, -2.0, 3.0])) <= 1e-6
    proof(card, "weight_decay")


@each_part("optimizer")
def test_gradient_accumulation(card, proof):
    arguments = _cases(card)[0].arguments
    halves = np.repeat(GRADIENTS, 2, axis=0) + np.tile([[1.0], [-1.0]], (len(GRADIENTS), 1))
    accumulated, optimizer = _moved(card, arguments, halves, gradient_accumulation_steps=2)
    assert distance(accumulated, _moved(card, arguments, GRADIENTS)[0]) <= 1e-5
    assert int(ops.convert_to_numpy(optimizer.iterations)) == len(GRADIENTS)
    model = linear_model()
    model.compile(make(card, arguments, gradient_accumulation_steps=2), "mse")
    before = model.get_weights()
    model.train_on_batch(*batch())
    assert all((one == other).all() for one, other in zip(before, model.get_weights()))
    for _ in range(3):  # two updates in all: ADOPT's first moves nothing
        model.train_on_batch(*batch())
    assert any((one != other).any() for one, other in zip(before, model.get_weights()))
    proof(card, "gradient_accumulation")


@each_part("optimizer")
def test_moving_average(card, proof):
    arguments = _cases(card)[0].arguments
    weight = keras.Variable(np.float32([1.0, -2.0, 3.0]))
    optimizer = make(card, arguments, use_ema=True, ema_momentum=0.8)
    average = None
    for gradient in GRADIENTS:
        optimizer.apply([ops.convert_to_tensor(np.float32(gradient))], [weight])
        now = as_float64(weight)
        average = now if average is None else 0.8 * average + 0.2 * now
    optimizer.finalize_variable_values([weight])
    assert distance(as_float64(weight), average) <= 1e-5
    proof(card, "ema")


@each_part("optimizer")
def test_learning_rate_can_be_read_and_set(card):
    arguments = _cases(card)[0].arguments
    plain, _ = _moved(card, arguments, GRADIENTS[:1])
    weight = keras.Variable(np.float32([1.0, -2.0, 3.0]))
    optimizer = make(card, arguments)
    rate = float(ops.convert_to_numpy(optimizer.learning_rate))
    optimizer.learning_rate = rate / 4
    assert float(ops.convert_to_numpy(optimizer.learning_rate)) == pytest.approx(rate / 4)
    optimizer.apply([ops.convert_to_tensor(np.float32(GRADIENTS[0]))], [weight])
    start = np.array([1.0, -2.0, 3.0])
    shorter = 4 ** STEP_GROWS_WITH_RATE.get(card.name, 1)
    assert distance((as_float64(weight) - start) * shorter, plain - start) <= 1e-5


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow has sparse gradients")
@pytest.mark.parametrize(
    "more", [{}, {"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {"gradient_accumulation_steps": 2}]
)
@each_part("optimizer")
def test_rows_that_are_named_twice_move_as_with_the_dense_gradient(card, proof, more):
    import tensorflow as tf

    for case in _cases(card):
        ends = []
        for dense in (False, True):
            weight = keras.Variable(np.ones((4, 2), "float32"))
            optimizer = make(card, {**case.arguments, **more})
            for step in range(14):
                values = tf.constant(
                    np.float32(GRADIENTS[step % 10 : step % 10 + 2][:, :2].repeat(2, axis=0))
                )
                gradient = tf.IndexedSlices(values, tf.constant([1, 3, 1, 1]), tf.constant([4, 2]))
                optimizer.apply([tf.convert_to_tensor(gradient) if dense else gradient], [weight])
            ends.append(as_float64(weight))
        assert distance(ends[0], ends[1]) <= 1e-6
    proof(card, "sparse_gradients")


@pytest.fixture(scope="module")
def two_devices():
    """By full name how far training on two devices is from training on one."""
    asked = {}
    for card in own_cards("optimizer"):
        asked[card.full_name] = {**_cases(card)[0].arguments, "use_ema": True}
    program = Path(__file__).with_name("two_devices.py")
    root = str(program.parent.parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(program), json.dumps(asked)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="MirroredStrategy is TensorFlow's")
@each_part("optimizer")
def test_two_devices_do_what_one_does(card, proof, two_devices):
    assert two_devices[card.full_name] <= 1e-5
    proof(card, "two_devices")
