"""Every own loss against its reference, on whatever backend this runs on."""

import json
from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

from .gradients import BACKEND, as_float64, distance, value_and_gradient
from .own_parts import each_part, make
from .references import REFERENCES
from .training import COMPILED, batch, linear_model, saved_and_loaded, trained


def _cases(card):
    return REFERENCES["loss"][card.name].cases(card.name)


def _measure(card, case, dtype):
    loss = make(card, case.arguments, dtype=dtype)
    return value_and_gradient(
        lambda y_pred: loss(case.arrays["y_true"], y_pred), case.arrays["y_pred"], dtype
    )


@each_part("loss")
def test_values_and_gradients(card, proof):
    for case in _cases(card):
        value, gradient = _measure(card, case, "float32")
        value_error, gradient_error = (
            distance(value, case.arrays["value"]),
            distance(gradient, case.arrays["gradient"]),
        )
        assert value_error <= 1e-5 and gradient_error <= 1e-4
        proof(card, "values", value_error=value_error)
        proof(card, "gradients", gradient_error=gradient_error)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras's own reduction goes through float32 there")
@each_part("loss")
def test_float64(card, proof):
    for case in _cases(card):
        value, gradient = _measure(card, case, "float64")
        assert distance(value, case.arrays["value"]) <= 1e-12
        assert distance(gradient, case.arrays["gradient"]) <= 1e-12
    proof(card, "float64")


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 2e-2), ("bfloat16", 8e-2)])
@each_part("loss")
def test_half_precision(card, proof, dtype, tolerance):
    for case in _cases(card):
        value, gradient = _measure(card, case, dtype)
        assert distance(value, case.arrays["value"]) <= tolerance
        assert distance(gradient, case.arrays["gradient"]) <= tolerance
    proof(card, dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@each_part("loss")
def test_extremes_stay_finite(card, proof, dtype):
    # Unreduced: the sum over a batch is Keras's, and overflows float16 before a single loss does.
    numbers = np.array([1e4, -1e4, 0.0, -0.0, 1e-40, -1e-40, 1.0, 3e-8])
    for case in _cases(card):
        loss = make(card, case.arguments, dtype=dtype, reduction=None)
        for y_true in (numbers[::-1].copy(), numbers, numbers * 0):
            for y_pred in (numbers, numbers * 1e-30):
                value, gradient = value_and_gradient(partial(loss, y_true[:, None]), y_pred[:, None], dtype)
                assert np.isfinite(value).all() and np.isfinite(gradient).all(), (y_true, y_pred)
    proof(card, "extremes")


@pytest.mark.parametrize("shape", [(1, 1), (7,), (3, 1, 5), (2, 3, 4, 5, 1)])
@each_part("loss")
def test_shapes_and_reductions(card, proof, shape):
    generator = np.random.default_rng(0)
    y_true, y_pred = (generator.normal(size=shape).astype("float32") for _ in range(2))
    case = _cases(card)[0]
    each = as_float64(make(card, case.arguments, reduction=None)(y_true, y_pred))
    assert each.shape == shape[:-1]
    assert distance(make(card, case.arguments)(y_true, y_pred), each.mean()) <= 1e-5
    assert distance(make(card, case.arguments, reduction="sum")(y_true, y_pred), each.sum()) <= 1e-5
    if each.ndim:
        weight = generator.uniform(size=each.shape).astype("float32")
        weighted = make(card, case.arguments)(y_true, y_pred, sample_weight=weight)
        assert distance(weighted, (each * weight).mean()) <= 1e-5
    proof(card, "shapes")


@each_part("loss")
def test_targets_without_the_last_axis(card):
    loss = make(card, _cases(card)[0].arguments)
    y_true, y_pred = np.float32([1, 2, 3]), np.float32([[3], [2], [5]])
    expected = distance(loss(y_true[:, None], y_pred), 0.0)
    assert distance(loss(y_true, y_pred), 0.0) == expected
    assert distance(loss(y_true[:, None], y_pred[:, 0]), 0.0) == pytest.approx(expected)


@each_part("loss")
def test_config_round_trip(card, proof):
    for case in _cases(card):
        loss = make(card, case.arguments, reduction="sum", name="named", dtype="float32")
        config = json.loads(json.dumps(loss.get_config()))
        again = type(loss).from_config(config)
        assert again.get_config() == config
        assert {key: config[key] for key in case.arguments} == case.arguments
        y_true, y_pred = case.arrays["y_true"], case.arrays["y_pred"]
        assert as_float64(again(y_true, y_pred)) == as_float64(loss(y_true, y_pred))
    proof(card, "config")


@each_part("loss")
def test_training_saving_and_compiling(card, proof, tmp_path):
    arguments = _cases(card)[-1].arguments
    results = [trained(linear_model, jit, steps=3, loss=make(card, arguments)) for jit in COMPILED]
    assert distance(results[-1], results[0]) <= 1e-5
    proof(card, "graph")
    if len(COMPILED) > 1:
        proof(card, "xla")

    model = linear_model()
    model.compile("sgd", loss=make(card, arguments))
    again = saved_and_loaded(model, tmp_path)
    assert again.loss.get_config() == model.loss.get_config()
    assert again.evaluate(*batch(), verbose=0) == model.evaluate(*batch(), verbose=0)
    proof(card, "save_load")


def test_smooth_l1_is_huber_over_beta():
    y_true, y_pred = np.zeros((1, 5), "float32"), np.float32([[0.1, -0.4, 0.5, 3, -7]])
    huber = keras.losses.Huber(delta=0.5)(y_true, y_pred)
    from kzoo.losses import SmoothL1

    assert float(ops.convert_to_numpy(huber)) == pytest.approx(
        0.5 * float(SmoothL1(beta=0.5)(y_true, y_pred)), rel=1e-6
    )


def test_berhu_of_a_perfect_prediction_is_zero():
    from kzoo.losses import BerHu

    value, gradient = value_and_gradient(lambda y: BerHu()(np.ones((3, 2)), y), np.ones((3, 2)))
    assert value == 0 and (gradient == 0).all()


def test_wrong_arguments():
    from kzoo.losses import BerHu, SmoothL1

    with pytest.raises(ValueError, match="beta=-1"):
        SmoothL1(beta=-1)
    with pytest.raises(ValueError, match="beta=nan"):
        SmoothL1(beta=float("nan"))
    with pytest.raises(ValueError, match="threshold=0"):
        BerHu(threshold=0)
