"""Every own metric against its reference: in one pass and in batches, in every form the data may come in."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from .gradients import as_float64, distance
from .own_parts import each_part, make
from .references import REFERENCES
from .training import COMPILED, saved_and_loaded


def _cases(card):
    return REFERENCES["metric"][card.name].cases(card.name)


def _data(case):
    return tuple(case.arrays[key] for key in ("y_true", "y_pred", "sample_weight"))


def _result(metric, *batches):
    metric.reset_state()
    for y_true, y_pred, weight in batches:
        metric.update_state(y_true, y_pred, weight)
    return as_float64(metric.result())


@each_part("metric")
def test_values(card, proof):
    for case in _cases(card):
        error = distance(_result(make(card, case.arguments), _data(case)), case.arrays["value"])
        assert error <= 1e-5, case.arguments
        proof(card, "values", value_error=error)


@each_part("metric")
def test_batches_give_what_one_pass_gives(card, proof):
    for case in _cases(card):
        metric, data = make(card, case.arguments), _data(case)
        pieces = list(zip(*(np.array_split(each, [1, 8, 9, 33]) for each in data)))
        assert distance(_result(metric, *pieces), case.arrays["value"]) <= 1e-5
        merged = make(card, case.arguments)
        halves = [make(card, case.arguments) for _ in range(2)]
        for half, piece in zip(halves, zip(*(np.array_split(each, 2) for each in data))):
            half.update_state(*piece)
        for whole, *parts in zip(merged.variables, *(half.variables for half in halves)):
            whole.assign(sum(ops.convert_to_tensor(part) for part in parts))
        assert distance(merged.result(), case.arrays["value"]) <= 1e-5
    proof(card, "streaming")


@each_part("metric")
def test_forms_of_targets_and_predictions(card, proof):
    for case in _cases(card):
        y_true, y_pred, weight = _data(case)
        identity = np.eye(case.arguments["num_classes"])
        generator = np.random.default_rng(0)
        scores = identity[y_pred] + generator.uniform(0, 0.9, size=(len(y_pred), len(identity)))
        metric = make(card, case.arguments)
        for targets in (y_true, y_true[:, None], identity[y_true], y_true.astype("float32")):
            for guesses in (
                y_pred,
                y_pred[:, None],
                scores,
                np.log(scores),
                y_pred + 0.3,
                scores.astype("float16"),
            ):
                for weights in (weight, weight[:, None]):
                    assert (
                        distance(_result(metric, (targets, guesses, weights)), case.arrays["value"]) <= 1e-5
                    )
    proof(card, "forms")


@each_part("metric")
def test_axes_between(card, proof):
    case = _cases(card)[-1]
    y_true, y_pred, _ = _data(case)
    identity, metric = np.eye(case.arguments["num_classes"]), make(card, case.arguments)
    weight = np.random.default_rng(0).uniform(size=10)
    rows = (y_true[:60].reshape(10, 6), identity[y_pred[:60]].reshape(10, 6, -1), weight)
    flat = (y_true[:60], y_pred[:60], weight.repeat(6))
    assert distance(_result(metric, rows), _result(metric, flat)) <= 1e-6
    proof(card, "shapes")


@each_part("metric")
def test_extremes(card, proof):
    case = _cases(card)[0]
    metric = make(card, case.arguments)
    assert as_float64(metric.result()) == 0
    y_true, y_pred, weight = _data(case)
    assert np.isfinite(_result(metric, (y_true * 0, y_pred * 0, weight)))
    assert np.isfinite(_result(metric, (y_true, y_pred, weight * 0)))
    assert np.isfinite(_result(metric, (y_true, y_pred * 1e4, weight)))
    proof(card, "extremes")


@each_part("metric")
def test_config_round_trip(card, proof):
    for case in _cases(card):
        metric = make(card, case.arguments, name="named", dtype="float32")
        config = json.loads(json.dumps(metric.get_config()))
        assert {key: config[key] for key in case.arguments} == case.arguments
        again = type(metric).from_config(config)
        assert again.get_config() == metric.get_config() and again.name == "named"
        assert _result(again, _data(case)) == _result(metric, _data(case))
    proof(card, "config")


@each_part("metric")
def test_in_training_and_saved(card, proof, tmp_path):
    case = _cases(card)[-1]
    y_true, _, weight = _data(case)
    inputs = np.random.default_rng(0).normal(size=(len(y_true), 6)).astype("float32")
    classes = case.arguments["num_classes"]
    for jit_compile in COMPILED:
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        metric = make(card, case.arguments, name="measured")
        model.compile("sgd", loss, weighted_metrics=[metric], jit_compile=jit_compile)
        logs = model.fit(inputs, y_true, sample_weight=weight, batch_size=32, verbose=0).history
        assert np.isfinite(logs["measured"][0])
        scores = model.evaluate(inputs, y_true, sample_weight=weight, verbose=0, return_dict=True)
        guesses = model.predict(inputs, verbose=0).argmax(-1)
        assert (
            distance(scores["measured"], _result(make(card, case.arguments), (y_true, guesses, weight)))
            <= 1e-5
        )
        again = saved_and_loaded(model, tmp_path)
        saved = again.evaluate(inputs, y_true, sample_weight=weight, verbose=0, return_dict=True)
        assert saved["measured"] == scores["measured"]
    proof(card, "graph")
    proof(card, "save_load")
    if len(COMPILED) > 1:
        proof(card, "xla")


def test_targets_outside_the_classes_are_left_out():
    from kzoo.metrics import CohenKappa

    metric = CohenKappa(num_classes=3)
    known = _result(metric, (np.array([0, 1, 2, 1]), np.array([0, 2, 2, 1]), None))
    more = _result(metric, (np.array([0, 1, 2, 1, -1, 3]), np.array([0, 2, 2, 1, 0, 0]), None))
    assert more == known


def test_wrong_arguments():
    from kzoo.metrics import CohenKappa

    with pytest.raises(ValueError, match="num_classes=1"):
        CohenKappa(num_classes=1)
    with pytest.raises(ValueError, match="weighting='cubic'"):
        CohenKappa(num_classes=3, weighting="cubic")
