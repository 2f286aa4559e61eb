"""Every own metric against its reference: in one pass and in batches, in every form the data may come in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from .gradients import BACKEND, as_float64, distance
from .metric_inputs import data, same_with_weights, weight_of
from .metric_model import in_a_model, in_one_pass
from .own_parts import each_part, make, own_cards
from .references import REFERENCES
from .references.metrics import METRIC_INPUTS
from .training import COMPILED

SLOW_ON_JAX = [pytest.mark.slow] if BACKEND == "jax" else []
IN_MODELS = [card for card in own_cards("metric") if METRIC_INPUTS[card.name].in_models]


def _cases(card):
    return REFERENCES["metric"][card.name].cases(card.name)


def _some_cases(card):
    """JAX compiles each shape anew: there one case of each has to do."""
    return _cases(card)[-1:] if BACKEND == "jax" else _cases(card)


def _against(card):
    return REFERENCES["metric"][card.name].against(card.name)


def _result(metric, *batches):
    """What a metric says of batches, all it saw before forgotten."""
    metric.reset_state()
    for batch in batches:
        metric.update_state(*batch)
    return as_float64(metric.result())


def _pieces(batch):
    """A batch in another order, in pieces of many sizes: one row, none, two, many. On JAX a new size takes long."""
    order = np.random.default_rng(0).permutation(len(batch[0]))
    half = len(order) // 2
    cuts = [half] if BACKEND == "jax" else sorted([1, 1, 3, half])
    return list(zip(*(np.array_split(each[order], cuts) for each in batch)))


@each_part("metric")
def test_values(card, proof):
    for case in _cases(card):
        error = distance(_result(make(card, case.arguments), data(case)), case.arrays["value"])
        assert error <= 1e-5, case.arguments
        proof(card, "values", value_error=error)


@each_part("metric")
def test_batches_give_what_one_pass_gives(card, proof):
    for case in _some_cases(card):
        metric = make(card, case.arguments)
        whole, pieces = _result(metric, data(case)), _pieces(data(case))
        assert distance(_result(metric, *pieces), whole) <= 1e-6
        assert distance(_result(metric, data(case)), whole) == 0  # nothing was left by reset_state
    proof(card, "streaming")


@each_part("metric")
def test_merged_metrics_give_what_one_pass_gives(card, proof):
    for case in _some_cases(card):
        metric = make(card, case.arguments)
        whole, (first, *pieces) = _result(metric, data(case)), _pieces(data(case))
        _result(metric, first)
        others = [make(card, case.arguments, name=f"other_{number}") for number in range(len(pieces))]
        for other, piece in zip(others, pieces):
            other.update_state(*piece)
        metric.merge_state(others)
        assert distance(as_float64(metric.result()), whole) <= 1e-6
    proof(card, "merge_state")
    with pytest.raises(ValueError, match="to merge"):
        metric.merge_state([keras.metrics.Mean()])


@each_part("metric")
def test_weights(card, proof):
    for case in _some_cases(card):
        metric = make(card, case.arguments)
        for some, other in same_with_weights(case):
            assert distance(_result(metric, other), _result(metric, some)) <= 1e-6
        *inputs, weight = *data(case)[: 1 + ("y_pred" in case.arrays)], weight_of(case).copy()
        weight[::2] = 0
        some, left = (
            (*inputs, weight),
            tuple(np.delete(each, np.s_[::2], axis=0) for each in (*inputs, weight)),
        )
        assert distance(_result(metric, some), _result(metric, left)) <= 1e-6
        if METRIC_INPUTS[card.name].scaled:
            assert distance(_result(metric, (*inputs, weight * 0.37)), _result(metric, some)) <= 1e-6
        with pytest.raises(ValueError, match=r"sample_weight|weight a sample"):
            metric.update_state(*inputs, np.ones((len(weight), 1, 1, 7, 2)))
    proof(card, "sample_weight")


@each_part("metric")
def test_forms(card, proof):
    for case in _some_cases(card):
        metric = make(card, case.arguments)
        for some, other in METRIC_INPUTS[card.name].forms(case):
            assert distance(_result(metric, other), _result(metric, some)) <= 1e-6
    proof(card, "forms")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@each_part("metric")
def test_half_precision(card, proof, dtype):
    for case in _some_cases(card):
        # In the same rounded numbers nothing more may be lost.
        metric = make(card, case.arguments, dtype=dtype)
        rounded = [
            ops.cast(each, dtype) if each.dtype.kind == "f" else ops.convert_to_tensor(each)
            for each in data(case)
        ]
        single = [ops.cast(each, "float32") for each in rounded]
        assert distance(_result(metric, rounded), _result(make(card, case.arguments), single)) <= 1e-6
    proof(card, dtype)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras's own division goes through float32 there")
@each_part("metric")
def test_float64(card, proof):
    for case in _cases(card):
        double = [each.astype("float64") if each.dtype.kind == "f" else each for each in data(case)]
        error = distance(_result(make(card, case.arguments, dtype="float64"), double), case.arrays["value"])
        assert error <= (1e-5 if "torch" in _against(card) else 1e-12)  # those have float32 inside
    proof(card, "float64")


@each_part("metric")
def test_extremes(card, proof):
    for case in _some_cases(card):
        metric = make(card, case.arguments)
        assert np.isfinite(as_float64(metric.result())).all(), "before any data"
        *inputs, weight = *data(case)[: 1 + ("y_pred" in case.arrays)], weight_of(case)
        assert np.isfinite(_result(metric, (*inputs, weight * 0))).all(), "all weights 0"
        assert np.isfinite(_result(metric, tuple(each[:0] for each in (*inputs, weight)))).all(), "empty"
        for extreme in METRIC_INPUTS[card.name].extremes(case):
            assert np.isfinite(_result(metric, extreme)).all(), extreme
    proof(card, "extremes")


@each_part("metric")
def test_config_round_trip(card, proof):
    for case in _some_cases(card):
        metric = make(card, case.arguments, name="named", dtype="float32")
        config = json.loads(json.dumps(metric.get_config()))
        assert {key: config[key] for key in case.arguments} == case.arguments
        again = type(metric).from_config(config)
        assert again.get_config() == metric.get_config() and again.name == "named"
        assert (_result(again, data(case)) == _result(metric, data(case))).all()
    proof(card, "config")


@pytest.mark.skipif(BACKEND == "torch", reason="nothing is compiled there")
@each_part("metric")
def test_compiled(card, proof):
    case = _cases(card)[-1]
    expected = _result(make(card, case.arguments), data(case))
    for jit_compile in COMPILED if BACKEND == "tensorflow" else (True,):
        assert distance(_compiled(make(card, case.arguments), data(case), jit_compile), expected) <= 1e-6
    proof(card, "graph")
    proof(card, "xla")


def _compiled(metric, batch, jit_compile):
    """What a metric says of two halves of a batch, its steps compiled; without XLA for any number of rows."""
    half = len(batch[0]) // 2
    halves = [
        tuple(each[part] for each in batch)
        for part in (slice(half), slice(half, 2 * half), slice(2 * half, None))
    ]
    if BACKEND == "jax":
        import jax

        state = metric.stateless_reset_state()
        for each in halves:
            state = jax.jit(metric.stateless_update_state)(state, *each)
        return as_float64(jax.jit(metric.stateless_result)(state))
    import tensorflow as tf

    some_rows = [tf.TensorSpec((None, *each.shape[1:]), each.dtype) for each in batch]
    update = tf.function(metric.update_state, None if jit_compile else some_rows, jit_compile=jit_compile)
    for each in halves:
        update(*map(tf.convert_to_tensor, each))
    return as_float64(tf.function(metric.result, jit_compile=jit_compile)())


def _makers():
    cases = {card.name: _cases(card)[-1] for card in IN_MODELS}
    return {
        card.name: lambda card=card: make(card, cases[card.name].arguments, name="measured")
        for card in IN_MODELS
    }, cases


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What each metric says in one pass, and in a model: fitted, evaluated, loaded again."""
    folder = tmp_path_factory.mktemp("metrics")
    if BACKEND == "jax":  # one compilation has to do
        return in_one_pass(*_makers()), *in_a_model(*_makers(), evaluate=False)
    return in_one_pass(*_makers()), *in_a_model(*_makers(), folder=folder)


# On JAX that is one large step to compile; `test_compiled` goes through the same calls metric by metric.
@pytest.mark.parametrize("card", [pytest.param(card, marks=SLOW_ON_JAX, id=card.name) for card in IN_MODELS])
def test_in_training_and_saved(card, proof, measured):
    alone, *in_models = (each[card.name] for each in measured)
    for each in in_models:
        assert distance(each, alone) <= 1e-6
    proof(card, "training")
    if len(in_models) > 2:
        proof(card, "save_load")


@pytest.fixture(scope="module")
def two_devices():
    """What each metric says in one pass, and in a model that is trained on two devices."""
    program = Path(__file__).with_name("two_devices_metrics.py")
    tests = program.parent.parent
    places = [str(tests.parent), str(tests), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    command = [sys.executable, str(program)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="MirroredStrategy is TensorFlow's")
@pytest.mark.parametrize("card", IN_MODELS, ids=lambda card: card.name)
def test_two_devices_say_what_one_does(card, proof, two_devices):
    alone, fitted = two_devices[card.name]
    assert distance(fitted, alone) <= 1e-6
    proof(card, "two_devices")
