"""Every own schedule against its reference, step by step."""

import json

import keras
import numpy as np
import pytest
from keras import ops

import kzoo

from .gradients import as_float64, distance
from .own_parts import each_part
from .references import REFERENCES
from .training import COMPILED, batch, linear_model, saved_and_loaded, trained

# Beyond its end such a rate doesn't stay: it goes round and round, or falls on for ever.
ENDLESS = ("cyclic", "chebyshev", "sgdr", "inverse_sqrt", "noam")


def _cases(card):
    return REFERENCES["schedule"][card.name].cases(card.name)


def _made(card, arguments):
    """A schedule; those inside of it stand in its arguments as mappings."""
    return kzoo.get("schedule", card.full_name, **arguments)


@each_part("schedule")
def test_values(card, proof):
    for case in _cases(card):
        schedule, expected = _made(card, case.arguments), case.arrays["value"]
        for index in (lambda step: step, lambda step: ops.convert_to_tensor(step, "int32")):
            values = [as_float64(schedule(index(step))) for step in range(len(expected))]
            error = distance(values, expected)
            assert error <= 1e-6
            proof(card, "values", value_error=error)


@each_part("schedule")
def test_far_beyond_the_end(card, proof):
    for case in _cases(card):
        schedule = _made(card, case.arguments)
        beyond = as_float64(schedule(2**30))
        assert 0 <= beyond <= 1.01 * max(case.arrays["value"])
        if card.name not in ENDLESS or "cycles" in case.arguments:
            assert distance(beyond, case.arrays["value"][-1]) <= 1e-6
        assert np.isfinite(as_float64(schedule(0)))
    proof(card, "extremes")


@each_part("schedule")
def test_config_round_trip(card, proof):
    for case in _cases(card):
        schedule = _made(card, case.arguments)
        config = json.loads(json.dumps(schedule.get_config()))
        plain = {key: value for key, value in case.arguments.items() if not key.startswith("schedule")}
        assert {key: config[key] for key in plain} == plain
        assert type(schedule).from_config(config).get_config() == config
        again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
        assert as_float64(again(3)) == as_float64(schedule(3))
    proof(card, "config")


@each_part("schedule")
def test_training_saving_and_compiling(card, proof, tmp_path):
    case = _cases(card)[0]
    sgd = keras.optimizers.SGD
    results = [
        trained(linear_model, jit, steps=4, optimizer=sgd(_made(card, case.arguments))) for jit in COMPILED
    ]
    assert distance(results[-1], results[0]) <= 1e-5
    proof(card, "graph")
    if len(COMPILED) > 1:
        proof(card, "xla")
    model = linear_model()
    model.compile(sgd(_made(card, case.arguments)), "mse")
    for _ in range(3):
        model.train_on_batch(*batch())
    assert distance(model.optimizer.learning_rate, case.arrays["value"][3]) <= 1e-6
    again = saved_and_loaded(model, tmp_path)
    assert as_float64(again.optimizer.learning_rate) == as_float64(model.optimizer.learning_rate)
    proof(card, "save_load")


def test_wrong_arguments():
    from kzoo.schedules import WarmupCosine

    for warmup in ("5", "x%", 1.5, -1, True, "100%", 100, 1.0):
        with pytest.raises(ValueError, match="`warmup` must be"):
            WarmupCosine(0.1, 100, warmup)
    with pytest.raises(ValueError, match="peak=-1"):
        WarmupCosine(-1, 100)
    with pytest.raises(ValueError, match="total_steps=0"):
        WarmupCosine(0.1, 0)


def test_a_share_never_takes_all_steps():
    from kzoo.schedules import WarmupCosine

    assert WarmupCosine(0.1, 1, "90%").warmup_steps == 0
    assert WarmupCosine(0.1, 10, "99%").warmup_steps == 9
    assert WarmupCosine(0.1, 200, " 12.5 %").warmup_steps == 25


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Constant", {"rate": -1}),
        ("Linear", {"start": -1, "total_steps": 5}),
        ("Linear", {"total_steps": 0, "start": 1.0}),
        ("Step", {"period": 0, "start": 1.0}),
        ("Step", {"factor": 0, "start": 1.0, "period": 2}),
        ("MultiStep", {"milestones": [5, 5], "start": 1.0}),
        ("MultiStep", {"milestones": [0.5], "start": 1.0}),
        ("Warmup", {"schedule": "rex", "warmup": 5}),
        ("Warmup", {"schedule": -1, "warmup": 5}),
        ("Warmup", {"warmup": "5%", "schedule": 1.0}),
        ("Warmup", {"warmup": 5, "schedule": 1.0, "total_steps": 5}),
        ("SequentialSchedule", {"milestones": [5, 5], "schedules": [1, 2, 3]}),
        ("SequentialSchedule", {"milestones": [5], "schedules": [1]}),
        ("OneCycle", {"warmup": 10, "peak": 1.0, "total_steps": 10}),
        ("OneCycle", {"warmup": 6, "peak": 1.0, "total_steps": 10, "three_phase": True}),
        ("OneCycle", {"shape": "cos", "peak": 1.0, "total_steps": 10}),
        ("OneCycle", {"div_factor": 0, "peak": 1.0, "total_steps": 10}),
        ("Cyclic", {"up": 0, "start": 0.0, "peak": 1.0}),
        ("Cyclic", {"mode": "up", "start": 0.0, "peak": 1.0}),
        ("Cyclic", {"gamma": 1.1, "start": 0.0, "peak": 1.0}),
        ("WarmupStableDecay", {"decay": 8, "peak": 1.0, "total_steps": 10, "warmup": 3}),
        ("PolyDecay", {"power": 0, "start": 1.0, "total_steps": 5}),
        ("KDecay", {"k": -1, "start": 1.0, "total_steps": 5}),
        ("REX", {"end": float("nan"), "start": 1.0, "total_steps": 5}),
        ("TanhDecay", {"lower": 4.0, "start": 1.0, "total_steps": 5}),
        ("InverseSqrt", {"peak": -1, "warmup": 5}),
        ("Noam", {"model_size": 0}),
        ("SGDR", {"growth": 0.5, "peak": 1.0, "period": 5}),
        ("SGDR", {"period": 0, "peak": 1.0}),
        ("SGDR", {"cycles": 0, "peak": 1.0, "period": 5}),
        ("Chebyshev", {"period": 12, "rate": 1.0}),
        ("Chebyshev", {"smallest": 1.0, "rate": 1.0}),
    ],
)
def test_wrong_numbers(name, arguments):
    import kzoo.schedules

    with pytest.raises(ValueError, match=next(iter(arguments))):
        getattr(kzoo.schedules, name)(**arguments)
