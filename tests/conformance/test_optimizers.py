"""Every own optimizer against its reference: the same walk of 200 steps as tests/golden/make_optimizers.py."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from .golden import arrays
from .gradients import BACKEND, as_float64, distance, double_precision
from .own_parts import each_part, make
from .references import REFERENCES
from .training import COMPILED, batch, linear_model, saved_and_loaded, trained

WALK = arrays("optimizers")
KEPT = [int(step) for step in WALK["kept"]]
WEIGHTS = 2


def _cases(card):
    return REFERENCES["optimizer"][card.name].cases(card.name)


def _walk(optimizer, dtype, steps=200):
    """The weights at the steps that are kept, in the dtype given."""
    number = np.float64 if dtype == "float64" else np.float32
    fixed = {key: WALK[key].astype(number) for key in WALK if key.split(".")[0] in ("goal", "slope", "noise")}
    weights = [keras.Variable(WALK[f"start.{i}"].astype(number), dtype=dtype) for i in range(WEIGHTS)]
    kept = []
    for step in range(1, steps + 1):
        gradients = []
        for index, weight in enumerate(weights):
            pull = fixed[f"slope.{index}"] * (as_float64(weight).astype(number) - fixed[f"goal.{index}"])
            gradients.append(ops.convert_to_tensor(pull + fixed[f"noise.{index}"][step - 1], dtype))
        optimizer.apply(gradients, weights)
        if step in KEPT:
            kept.append(np.concatenate([as_float64(weight).ravel() for weight in weights]))
    return np.stack(kept)


@each_part("optimizer")
def test_trajectories_in_float32(card, proof):
    for case in _cases(card):
        error = distance(_walk(make(card, case.arguments), "float32"), case.arrays["float32"])
        assert error <= 1e-5, case.arguments
        proof(card, "values", value_error=error)


@each_part("optimizer")
def test_trajectories_in_float64(card, proof):
    with double_precision():
        for case in _cases(card):
            error = distance(_walk(make(card, case.arguments), "float64"), case.arrays["float64"])
            assert error <= 1e-9, case.arguments
            proof(card, "float64", float64_error=error)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 0.02), ("bfloat16", 0.15)])
@each_part("optimizer")
def test_half_precision(card, proof, dtype, tolerance):
    for case in _cases(card):
        walked = _walk(make(card, case.arguments), dtype, steps=20)
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
        assert (_walk(again, "float32", steps=7) == _walk(simple, "float32", steps=7)).all()
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
    assert distance((as_float64(weight) - start) * 4, plain - start) <= 1e-5


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


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="MirroredStrategy is TensorFlow's")
@each_part("optimizer")
def test_two_devices_do_what_one_does(card, proof):
    cases = [{**case.arguments, "use_ema": True} for case in _cases(card)[:2]]
    program = Path(__file__).with_name("two_devices.py")
    command = [sys.executable, str(program), json.dumps([card.full_name, cases])]
    root = str(program.parent.parent.parent)
    paths = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert max(json.loads(finished.stdout.splitlines()[-1])) <= 1e-5
    proof(card, "two_devices")


# Lookahead and RAdam -----------------------------------------------------------------------------------------------


def test_lookahead_hands_arguments_on():
    from kzoo.optimizers import Lookahead

    optimizer = Lookahead("adamw", weight_decay=0.1, clipnorm=1.0)
    assert optimizer.optimizer.weight_decay == 0.1 and optimizer.optimizer.clipnorm == 1.0
    with pytest.raises(ValueError, match="not on both"):
        Lookahead(keras.optimizers.AdamW(weight_decay=0.2), weight_decay=0.1)


@pytest.mark.parametrize("inner", ["sgd", "rmsprop", "adam", "lion", "nadam"])
def test_lookahead_takes_any_optimizer(inner):
    from kzoo.optimizers import Lookahead

    weights = trained(linear_model, False, steps=3, optimizer=Lookahead(inner, sync_period=2))
    assert np.isfinite(weights).all()


def test_lookahead_saves_everything_once(tmp_path):
    import h5py

    from kzoo.optimizers import Lookahead

    model = linear_model()
    model.compile(Lookahead("adam"), "mse")
    model.train_on_batch(*batch())
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        archive.extract("model.weights.h5", tmp_path / "whole")
    stored = []
    with h5py.File(tmp_path / "whole" / "model.weights.h5") as file:
        file["optimizer"].visititems(
            lambda name, item: stored.append(name) if isinstance(item, h5py.Dataset) else None
        )
    weights = len(model.trainable_weights)
    assert len(stored) == len(model.optimizer.variables) == 1 + weights + 2 + 2 * weights


def test_lookahead_follows_a_schedule_inside():
    from kzoo.optimizers import Lookahead

    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.5, 0.25])
    weight = keras.Variable(np.float32([0.0]))
    optimizer = Lookahead(keras.optimizers.SGD(schedule), sync_period=100)
    for _ in range(5):
        optimizer.apply([ops.ones((1,))], [weight])
    assert as_float64(weight)[0] == -2.0  # three steps of 0.5, two of 0.25
    assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.25


def test_lookahead_under_loss_scaling():
    from kzoo.optimizers import Lookahead

    optimizer = keras.optimizers.LossScaleOptimizer(Lookahead(keras.optimizers.SGD(0.1), sync_period=2))
    scaled = trained(linear_model, False, steps=4, optimizer=optimizer)
    plain = trained(
        linear_model, False, steps=4, optimizer=Lookahead(keras.optimizers.SGD(0.1), sync_period=2)
    )
    assert distance(scaled, plain) <= 1e-5


def test_wrong_arguments():
    from kzoo.optimizers import Lookahead, RAdam

    with pytest.raises(ValueError, match="beta_2=1"):
        RAdam(beta_2=1.0)
    with pytest.raises(ValueError, match="epsilon=-1"):
        RAdam(epsilon=-1)
    with pytest.raises(ValueError, match="sync_period=0"):
        Lookahead("sgd", sync_period=0)
    with pytest.raises(ValueError, match="slow_step=2"):
        Lookahead("sgd", slow_step=2)


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999, 0.9999])
def test_the_length_of_the_average_is_exact_in_float32(beta):
    from kzoo.optimizers.radam import average_length

    with double_precision():
        for step in (1, 2, 3, 5, 6, 10, 100, 1000, 1500, 2500, 10**5, 10**7):
            power = np.longdouble(beta) ** step
            exact = 2 / (1 - np.longdouble(beta)) - 1 - 2 * step * power / (1 - power)
            single = average_length(beta, ops.convert_to_tensor(float(step), "float32"))
            double = average_length(beta, ops.convert_to_tensor(float(step), "float64"))
            assert as_float64(single) == pytest.approx(float(exact), rel=1e-6)
            assert as_float64(double) == pytest.approx(float(exact), rel=1e-11)


def test_a_learning_rate_given_as_a_decimal_is_exact_for_float64_weights():
    from kzoo.optimizers import RAdam

    with double_precision():
        weight = keras.Variable(np.zeros(2), dtype="float64")
        optimizer = RAdam(learning_rate=0.001)
        optimizer.build([weight])
        assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.001
        assert [each.name for each in optimizer.variables][:2] == ["iteration", "learning_rate"]
