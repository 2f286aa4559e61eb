"""Every own model against its reference: the same numbers from the same weights."""

import zlib

import keras
import numpy as np
import pytest

from .gradients import as_float64, distance, value_and_gradient
from .own_parts import make, own_cards
from .references import REFERENCES
from .references.zoo import ZOO
from .training import COMPILED, saved_and_loaded

# What gives embeddings has tests of its own, in test_metric_learner.py; larger ones are in test_zoo.py.
each_classifier = pytest.mark.parametrize(
    "card",
    [
        card
        for card in own_cards("model")
        if "metric_learning" not in card.tags and card.name not in ZOO and not card.rest
    ],
    ids=lambda card: card.name,
)


def _cases(card):
    return REFERENCES["model"][card.name].cases(card.name)


def _weights(name, shape):
    """The numbers that tests/golden/make_models.py gives to the weight of that name."""
    spread = 1 / np.sqrt(max(np.prod(shape[:-1]), 1))
    return np.random.default_rng(zlib.crc32(name.encode())).normal(scale=spread, size=shape)


def _filled(model):
    for layer in model.layers:
        for weight in layer.weights:
            weight.assign(_weights(f"{layer.name}/{weight.name}", tuple(weight.shape)))
    return model


def _inputs(card, case, count=3):
    height, width, channels = case.arguments["input_shape"]
    return (
        _weights(f"{card.name}/inputs", (count, channels, height, width))
        .transpose(0, 2, 3, 1)
        .astype("float32")
    )


@each_classifier
def test_values_and_gradients(card, proof):
    for case in _cases(card):
        model = _filled(make(card, case.arguments))
        assert model.name == card.name
        assert model.count_params() == case.arrays["parameters"]
        inputs = _inputs(card, case)
        value, _ = value_and_gradient(lambda x, m=model: m(x, training=False), inputs)
        _, gradient = value_and_gradient(lambda x, m=model: keras.ops.square(m(x, training=False)), inputs)
        value_error, gradient_error = (
            distance(value, case.arrays["value"]),
            distance(gradient, case.arrays["gradient"]),
        )
        assert value_error <= 1e-5 and gradient_error <= 1e-4
        proof(card, "values", value_error=value_error)
        proof(card, "gradients", gradient_error=gradient_error)


@pytest.mark.parametrize(("dtype", "tolerance"), [("mixed_float16", 0.01), ("mixed_bfloat16", 0.1)])
@each_classifier
def test_mixed_precision(card, proof, dtype, tolerance):
    case = _cases(card)[0]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = _filled(make(card, case.arguments))
    finally:
        keras.config.set_dtype_policy(before)
    outputs = as_float64(model(_inputs(card, case), training=False))
    assert distance(outputs, case.arrays["value"]) <= tolerance
    proof(card, dtype)


@each_classifier
def test_shapes(card, proof):
    for shape, classes in (((16, 16, 3), 7), ((28, 28, 1), 2), ((13, 18, 1), 3)):
        model = make(card, {"input_shape": shape, "num_classes": classes})
        assert model.output_shape == (None, classes)
        assert model(np.zeros((1, *shape), "float32")).shape == (1, classes)
        assert getattr(model.layers[-1], "activation", None) in (None, keras.activations.linear)
    proof(card, "shapes")


@each_classifier
def test_training_saving_and_compiling(card, proof, tmp_path):
    case = _cases(card)[0]
    labels = np.array([1, 0, 3])
    losses = []
    for jit_compile in COMPILED:
        keras.utils.set_random_seed(0)
        model = _filled(make(card, case.arguments))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, jit_compile=jit_compile)
        model.train_on_batch(_inputs(card, case), labels)
        losses.append(model.evaluate(_inputs(card, case), labels, verbose=0))
    assert np.isfinite(losses).all()
    proof(card, "graph")
    if len(COMPILED) > 1:
        proof(card, "xla")
    again = saved_and_loaded(model, tmp_path)
    outputs = (each.predict(_inputs(card, case), verbose=0) for each in (model, again))
    assert (next(outputs) == next(outputs)).all()
    proof(card, "save_load")


WITH_ACTIVATION = ("mlp", "lenet5", "mnist_cnn")


def _small(name, **arguments):
    from kzoo import models

    return getattr(models, name)((16, 16, 1), **{"num_classes": 4, **arguments})


@pytest.mark.parametrize("name", WITH_ACTIVATION)
def test_features_before_the_head(name):
    whole, features = _small(name), _small(name, num_classes=0)
    assert "head" not in [layer.name for layer in features.layers]
    head = whole.get_layer("head")
    assert features.output_shape == (None, head.kernel.shape[0])
    assert features.count_params() == whole.count_params() - head.count_params()


@pytest.mark.parametrize("name", WITH_ACTIVATION)
def test_every_place_has_an_activation_of_its_own(name, tmp_path):
    plain = _small(name)
    places = [layer.name for layer in plain.layers if layer.name.endswith("_act")]
    assert len(places) >= 2
    model = _small(name, activation={"name": "kzoo/swish", "learn_beta": True, "beta": 0.5})
    assert model.count_params() == plain.count_params() + len(places)
    inputs = np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype("float32")
    assert (
        saved_and_loaded(model, tmp_path).predict(inputs, verbose=0) == model.predict(inputs, verbose=0)
    ).all()


def test_every_way_to_name_an_activation(tmp_path):
    inputs = np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype("float32")
    ways = (
        "mish",
        "quick_gelu",
        None,
        keras.activations.relu,
        {"name": "leaky_relu", "negative_slope": 0.3},
        keras.layers.PReLU(),
        keras.layers.PReLU,
    )
    for way in ways:
        model = _filled(_small("mlp", activation=way))
        assert (
            saved_and_loaded(model, tmp_path).predict(inputs, verbose=0) == model.predict(inputs, verbose=0)
        ).all()
    with pytest.raises(ValueError, match="Expected the activation as a name"):
        _small("mlp", activation=3)


def test_an_mlp_with_everything():
    model = _small("mlp", hidden=[8, 6, 5], dropout=0.2, norm="layer_normalization")
    names = [layer.name for layer in model.layers]
    assert names[2:6] == ["dense1", "dense1_norm", "dense1_act", "dense1_drop"]
    assert names[-1] == "head" and len(names) == 2 + 3 * 4 + 1


def test_wrong_arguments():
    from kzoo.models import lenet5, mnist_cnn, softmax_regression

    with pytest.raises(ValueError, match="at least 12×12"):
        lenet5((8, 8, 1), 10)
    with pytest.raises(ValueError, match="at least 4×4"):
        mnist_cnn((28, 28), 10)
    with pytest.raises(ValueError, match="num_classes=0"):
        softmax_regression((4,), 0)
