"""Every own activation and layer against its reference, on whatever backend this runs on."""

import inspect
import json

import keras
import numpy as np
import pytest

from .gradients import as_float64, distance, double_precision, value_and_gradient
from .own_parts import make, own_cards
from .references import REFERENCES
from .training import COMPILED, FEATURES, batch, linear_model, saved_and_loaded, trained

each_card = pytest.mark.parametrize(
    "card", own_cards("activation") + own_cards("layer"), ids=lambda card: f"{card.kind}-{card.name}"
)


def _cases(card):
    return REFERENCES[card.kind][card.name].cases(card.name)


def _part(card, case, dtype="float32"):
    part = card.load()
    return make(card, case.arguments, dtype=dtype) if inspect.isclass(part) else make(card, case.arguments)


def _layer(card, case):
    """The part as a layer of a model of six features."""
    part = card.load()
    if not inspect.isclass(part):
        return keras.layers.Activation(part)
    return part(**case.arguments)


@each_card
def test_values_and_gradients(card, proof):
    for case in _cases(card):
        value, gradient = value_and_gradient(_part(card, case), case.arrays["inputs"])
        value_error, gradient_error = (
            distance(value, case.arrays["value"]),
            distance(gradient, case.arrays["gradient"]),
        )
        assert value_error <= 1e-5 and gradient_error <= 1e-4
        proof(card, "values", value_error=value_error)
        proof(card, "gradients", gradient_error=gradient_error)


@each_card
def test_float64(card, proof):
    with double_precision():
        for case in _cases(card):
            value, gradient = value_and_gradient(
                _part(card, case, "float64"), case.arrays["inputs"], "float64"
            )
            assert distance(value, case.arrays["value"]) <= 1e-12
            assert distance(gradient, case.arrays["gradient"]) <= 1e-12
    proof(card, "float64")


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 5e-3), ("bfloat16", 4e-2)])
@each_card
def test_half_precision(card, proof, dtype, tolerance):
    for case in _cases(card):
        value, gradient = value_and_gradient(_part(card, case, dtype), case.arrays["inputs"], dtype)
        assert distance(value, case.arrays["value"]) <= tolerance
        assert distance(gradient, case.arrays["gradient"]) <= tolerance
    proof(card, dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@each_card
def test_extremes_stay_finite(card, proof, dtype):
    numbers = np.array([[1e4, -1e4, 0.0, -0.0, 1e-40, -1e-40], [-1e4, 1e4, 3e-8, -3e-8, 100, -100]])
    case = _cases(card)[0]
    value, gradient = value_and_gradient(_part(card, case, dtype), numbers, dtype)
    assert np.isfinite(value).all() and np.isfinite(gradient).all()
    proof(card, "extremes")


@pytest.mark.parametrize("shape", [(1, 6), (3, 1, 6), (2, 3, 5, 6)])
@each_card
def test_shapes(card, proof, shape):
    part = _part(card, _cases(card)[0])
    outputs = part(np.ones(shape, "float32"))
    assert tuple(outputs.shape[:-1]) == shape[:-1]
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    if isinstance(part, keras.layers.Layer):
        assert tuple(part.compute_output_shape(shape)) == tuple(outputs.shape)
        symbolic = part(keras.Input((None, *shape[2:]) if len(shape) > 2 else shape[1:]))
        assert symbolic.shape[-1] == outputs.shape[-1] and symbolic.shape[0] is None
    else:
        assert tuple(outputs.shape) == shape
    proof(card, "shapes")


@each_card
def test_config_round_trip(card, proof):
    for case in _cases(card):
        if inspect.isclass(card.load()):
            part = make(card, case.arguments, name="named")
            config = json.loads(json.dumps(part.get_config()))
            again = type(part).from_config(config)
            assert again.get_config() == part.get_config()
            assert {key: config[key] for key in case.arguments} == case.arguments
        else:
            part = _part(card, case)
            again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))
        inputs = case.arrays["inputs"].astype("float32")
        assert (as_float64(again(inputs)) == as_float64(part(inputs))).all()
    proof(card, "config")


@each_card
def test_training_saving_and_compiling(card, proof, tmp_path):
    case = next(each for each in _cases(card) if "axis" not in each.arguments)

    def model():
        return linear_model(_layer(card, case))

    results = [trained(model, jit, steps=3) for jit in COMPILED]
    assert distance(results[-1], results[0]) <= 1e-5
    proof(card, "graph")
    if len(COMPILED) > 1:
        proof(card, "xla")

    first = model()
    again = saved_and_loaded(first, tmp_path)
    inputs, _ = batch()
    assert (again.predict(inputs, verbose=0) == first.predict(inputs, verbose=0)).all()
    proof(card, "save_load")


def test_a_learned_beta_is_trained_and_saved(tmp_path):
    from kzoo.activations import Swish

    model = keras.Sequential([keras.Input((FEATURES,)), Swish(beta=0.7, learn_beta=True, name="swish")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    inputs, _ = batch()
    model.train_on_batch(inputs, inputs)
    beta = float(model.get_layer("swish").learned_beta.numpy())
    assert beta != pytest.approx(0.7, abs=1e-4)
    assert float(saved_and_loaded(model, tmp_path).get_layer("swish").learned_beta.numpy()) == beta


def test_wrong_arguments():
    from kzoo.activations import Swish
    from kzoo.layers import Maxout

    with pytest.raises(ValueError, match="beta='1'"):
        Swish(beta="1")
    with pytest.raises(ValueError, match="units=0"):
        Maxout(units=0)
    with pytest.raises(ValueError, match="axis=0"):
        Maxout(units=2, axis=0)
    with pytest.raises(ValueError, match="units=4"):
        Maxout(units=4)(np.ones((2, 6), "float32"))
    with pytest.raises(ValueError, match="not the batch"):
        Maxout(units=2, axis=2)(np.ones((2, 6), "float32"))


def test_arguments_of_a_function_are_saved(tmp_path):
    from kzoo.activations import WithArguments

    model = linear_model(WithArguments(keras.activations.leaky_relu, {"negative_slope": 0.4}))
    inputs, _ = batch()
    again = saved_and_loaded(model, tmp_path)
    assert (again.predict(inputs, verbose=0) == model.predict(inputs, verbose=0)).all()
    assert again.layers[2].arguments == {"negative_slope": 0.4}
