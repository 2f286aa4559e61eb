"""The model metric_learner against PyTorch with pytorch_metric_learning, and what is particular to it."""

import keras
import numpy as np
import pytest
from keras import ops

import kzoo
from kzoo.problems import KzooError

from .gradients import as_float64, distance, value_and_gradient
from .references import REFERENCES
from .training import COMPILED, saved_and_loaded

CARD = kzoo.card("model", "metric_learner")
(CASE,) = REFERENCES["model"]["metric_learner"].cases("metric_learner")
FEATURES, LABELS = CASE.arrays["inputs"].astype("float32"), CASE.arrays["labels"]


def _model(head="arc_face", **arguments):
    given = {"encoder": {"name": "mlp", "hidden": [8]}, "head": head, **CASE.arguments, **arguments}
    return kzoo.get("model", "metric_learner", **given)


def _filled(model):
    """The model with the weights of the case."""
    numbers = CASE.arrays["before"]
    for weight in model.weights:
        count = int(np.prod(weight.shape))
        weight.assign(numbers[:count].reshape(weight.shape))
        numbers = numbers[count:]
    assert not numbers.size
    return model


def test_values_and_gradients(proof):
    model = _filled(_model())
    value, _ = value_and_gradient(lambda x: model(x, training=True), FEATURES)
    loss, gradient = value_and_gradient(
        lambda x: model.compute_loss(x, LABELS, model(x, training=True)), FEATURES
    )
    value_error = max(distance(value, CASE.arrays["value"]), distance(loss, CASE.arrays["loss"]))
    gradient_error = distance(gradient, CASE.arrays["gradient"])
    assert value_error <= 1e-5 and gradient_error <= 1e-4
    proof(CARD, "values", value_error=value_error)
    proof(CARD, "gradients", gradient_error=gradient_error)


def test_a_training_step(proof):
    for jit_compile in COMPILED:
        model = _filled(_model())
        model.compile(keras.optimizers.SGD(0.01), jit_compile=jit_compile)
        loss = model.train_on_batch(FEATURES, LABELS)
        assert distance(loss, CASE.arrays["loss"]) <= 1e-5
        after = np.concatenate([np.ravel(as_float64(each)) for each in model.weights])
        assert distance(after, CASE.arrays["after"]) <= 1e-5
    proof(CARD, "graph")
    if len(COMPILED) > 1:
        proof(CARD, "xla")


@pytest.mark.parametrize(("dtype", "tolerance"), [("mixed_float16", 0.01), ("mixed_bfloat16", 0.1)])
def test_mixed_precision(proof, dtype, tolerance):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = _filled(_model())
    finally:
        keras.config.set_dtype_policy(before)
    assert distance(as_float64(model(FEATURES)), CASE.arrays["value"]) <= tolerance
    model.compile("sgd")
    assert model.train_on_batch(FEATURES, LABELS) == pytest.approx(CASE.arrays["loss"], rel=tolerance)
    proof(CARD, dtype)


@pytest.mark.parametrize("head", [None, "sub_center_arc_face", {"name": "curricular_face", "momentum": 0.5}])
def test_saving(proof, tmp_path, head):
    model = _model(head, normalize=True)
    loss = "triplet_semi_hard" if head is None else None
    model.compile("adam", loss, metrics=[], weighted_metrics=[])
    model.fit(FEATURES, LABELS, epochs=2, verbose=0)
    again = saved_and_loaded(model, tmp_path)
    assert type(again) is type(model) and again.count_params() == model.count_params()
    assert (again.predict(FEATURES, verbose=0) == model.predict(FEATURES, verbose=0)).all()
    assert again.evaluate(FEATURES, LABELS, verbose=0) == model.evaluate(FEATURES, LABELS, verbose=0)
    again.fit(FEATURES, LABELS, verbose=0)
    config = model.get_config()
    assert distance(as_float64(type(model).from_config(config)(FEATURES)).shape, (len(FEATURES), 5)) == 0
    proof(CARD, "save_load")


def test_shapes(proof):
    encoder = keras.Sequential(
        [keras.Input((5, 4, 2)), keras.layers.Conv2D(3, 3), keras.layers.GlobalMaxPooling2D()]
    )
    for given, dim, expected in ((encoder, 7, 7), (encoder, 0, 3), ("lenet5", 2, 2)):
        shape = (5, 4, 2) if given is encoder else (28, 28, 1)
        model = kzoo.create_model("metric_learner", 3, shape, encoder=given, head="proxy_nca", dim=dim)
        assert model.output_shape == (None, expected)
        assert model.predict(np.zeros((2, *shape)), verbose=0).shape == (2, expected)
        assert model.class_logits(np.ones((2, expected))).shape == (2, 3)
    lengths = np.linalg.norm(_model(normalize=True).predict(FEATURES, verbose=0), axis=1)
    assert distance(lengths, np.ones(len(FEATURES))) <= 1e-5
    proof(CARD, "shapes")


def test_a_loss_is_added_to_the_heads_and_weights_count():
    model = _filled(_model())
    model.compile("sgd", loss="triplet_semi_hard", metrics=[])
    triplets = as_float64(keras.losses.get("triplet_semi_hard")(LABELS, model(FEATURES)))
    expected = float(CASE.arrays["loss"] + triplets)
    assert model.evaluate(FEATURES, LABELS, batch_size=7, verbose=0) == pytest.approx(expected, rel=1e-5)
    model = _filled(_model())
    model.compile("sgd")
    weights = np.float32([1, 0, 2, 0, 0, 0.5, 1])
    each = as_float64(model.head.losses_of(LABELS, model(FEATURES)))
    weighted = model.evaluate(FEATURES, LABELS, sample_weight=weights, batch_size=7, verbose=0)
    assert weighted == pytest.approx((each * weights).mean(), rel=1e-5)


def test_regularizers_count():
    encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, kernel_regularizer="l2")])
    model = kzoo.create_model("metric_learner", 4, (6,), encoder=encoder, head="arc_face")
    model.compile("sgd")
    own = as_float64(ops.mean(model.head.losses_of(LABELS, model(FEATURES))))
    penalty = 0.01 * np.square(as_float64(encoder.layers[0].kernel)).sum()
    assert model.evaluate(FEATURES, LABELS, verbose=0) == pytest.approx(float(own + penalty), rel=1e-5)


def test_the_head_learns_to_tell_classes():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 64)
    features = (3 * np.eye(4, 6)[labels] + 0.3 * generator.normal(size=(64, 6))).astype("float32")
    model = _model({"name": "arc_face", "scale": 16.0})
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(features, labels, epochs=60, verbose=0)
    guesses = as_float64(model.class_logits(model.predict(features, verbose=0))).argmax(-1)
    assert (guesses == labels).all()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"encoder": "lenett"}, "lenet5"),
        ({"encoder": {"layers": [{"name": "reshape", "target_shape": [3, 2]}]}}, "one output"),
        ({"head": "arc_fac"}, "arc_face"),
        ({"head": {"name": "dense", "units": 3}}, "a layer with a loss"),
        ({"head": {"name": "arc_face", "num_classes": 3}}, "for 4 classes"),
        ({"head": {"name": "arc_face", "marginn": 3}}, "margin"),
    ],
)
def test_wrong_arguments(arguments, match):
    with pytest.raises(KzooError, match=match):
        _model(**arguments)


def test_an_encoder_for_other_inputs_is_refused():
    with pytest.raises(KzooError, match="must take inputs of shape"):
        _model(encoder=kzoo.create_model("mlp", 0, (7,)))
    with pytest.raises(ValueError, match="without a head"):
        _model(None).class_logits(np.ones((2, 5)))


def test_an_embedding_of_zeros_has_a_finite_slope():
    from kzoo.models.metric_learner import UnitRows

    rows, gradient = value_and_gradient(UnitRows(), np.zeros((2, 3)))
    assert (rows == 0).all() and np.isfinite(gradient).all()
