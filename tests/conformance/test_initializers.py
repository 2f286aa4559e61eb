"""Every own initializer against its reference: random numbers are compared by their spread."""

import json

import keras
import numpy as np
import pytest

from .gradients import as_float64, distance
from .own_parts import each_part, make
from .references import REFERENCES
from .training import batch, saved_and_loaded


def _cases(card):
    return REFERENCES["initializer"][card.name].cases(card.name)


@each_part("initializer")
def test_spread(card, proof):
    for case in _cases(card):
        numbers = as_float64(make(card, case.arguments, seed=1)(tuple(case.arrays["shape"].tolist())))
        assert numbers.shape == tuple(case.arrays["shape"])
        # The deviation of n numbers is off by about 0.45/√n of itself (uniform), theirs and ours alike.
        tolerance = 4 * np.sqrt(2) * 0.45 / np.sqrt(numbers.size)
        error = abs(numbers.std() / case.arrays["deviation"] - 1)
        assert error <= tolerance
        assert abs(numbers.mean()) <= 4 * numbers.std() / np.sqrt(numbers.size)
        assert abs(np.abs(numbers).max() / case.arrays["largest"] - 1) <= 20 / numbers.size
        proof(card, "spread", value_error=float(error))


@each_part("initializer")
def test_seeds(card, proof):
    shape = (40, 30)
    case = _cases(card)[0]
    one, same, other = (as_float64(make(card, case.arguments, seed=seed)(shape)) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
    running = make(card, case.arguments, seed=keras.random.SeedGenerator(1))
    assert (as_float64(running(shape)) != as_float64(running(shape))).any()
    proof(card, "seeds")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@each_part("initializer")
def test_dtypes(card, proof, dtype):
    case = _cases(card)[0]
    drawn = make(card, case.arguments, seed=1)((64, 64), dtype=dtype)
    assert keras.backend.standardize_dtype(drawn.dtype) == dtype
    assert np.isfinite(as_float64(drawn)).all()
    proof(card, dtype)


@each_part("initializer")
def test_config_round_trip(card, proof):
    for case in _cases(card):
        initializer = make(card, case.arguments, seed=3)
        config = json.loads(json.dumps(initializer.get_config()))
        assert {key: config[key] for key in case.arguments} == case.arguments
        again = keras.initializers.deserialize(keras.initializers.serialize(initializer))
        assert again.get_config() == config
        assert distance(again((5, 6)), as_float64(initializer((5, 6)))) == 0
    proof(card, "config")


@each_part("initializer")
def test_in_a_saved_layer(card, proof, tmp_path):
    case = _cases(card)[0]
    layer = keras.layers.Dense(3, kernel_initializer=make(card, case.arguments, seed=0))
    model = keras.Sequential([keras.Input((6,)), layer])
    inputs, _ = batch()
    again = saved_and_loaded(model, tmp_path)
    assert (again.predict(inputs, verbose=0) == model.predict(inputs, verbose=0)).all()
    assert again.layers[0].kernel_initializer.get_config() == layer.kernel_initializer.get_config()
    proof(card, "save_load")


def test_a_bias_needs_its_fan_in():
    from kzoo.initializers import TorchDefault

    with pytest.raises(ValueError, match="must be given for a bias"):
        TorchDefault()((10,))
    with pytest.raises(ValueError, match="fan_in=0"):
        TorchDefault(fan_in=0)


def test_wrong_gains():
    from kzoo.initializers import KaimingUniform, XavierUniform

    with pytest.raises(ValueError, match="gain=0"):
        XavierUniform(gain=0)
    with pytest.raises(ValueError, match="mode='fan_avg'"):
        KaimingUniform(mode="fan_avg")
    with pytest.raises(ValueError, match=r"shape=\(3,\)"):
        KaimingUniform()((3,))
