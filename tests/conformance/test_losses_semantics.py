"""What people get wrong about losses: reductions, weights, masks, several outputs, empty batches."""

import keras
import numpy as np
import pytest
from keras import ops

from .gradients import as_float64, distance, value_and_gradient
from .loss_inputs import Inputs
from .own_parts import each_part, make
from .references import REFERENCES
from .references.losses import INPUTS


def _some(card, case=0):
    """The arguments of a case, targets and predictions, and the unreduced loss of them."""
    inputs, arguments = (
        INPUTS.get(card.name, Inputs()),
        REFERENCES["loss"][card.name].cases(card.name)[case].arguments,
    )
    y_true, y_pred = inputs.make(np.random.default_rng(1), inputs.shapes[-1])
    each = as_float64(make(card, arguments, reduction=None)(y_true, y_pred))
    return arguments, y_true, y_pred, each


@each_part("loss")
def test_mean_with_sample_weight_divides_by_the_weights(card):
    arguments, y_true, y_pred, each = _some(card)
    weight = np.random.default_rng(2).uniform(0.1, 3, size=each.shape).astype("float32")
    loss = make(card, arguments, reduction="mean_with_sample_weight")
    weighted = loss(y_true, y_pred, sample_weight=weight)
    assert distance(weighted, (each * weight).sum() / weight.sum()) <= 1e-5
    assert distance(loss(y_true, y_pred), each.mean()) <= 1e-5


@each_part("loss")
def test_weights_of_0_leave_an_example_out(card):
    arguments, y_true, y_pred, each = _some(card)
    if not each.ndim:
        pytest.skip("one number a batch")
    weight = np.ones(each.shape, "float32")
    weight[0] = 0
    left = make(card, arguments, reduction="sum")(y_true, y_pred, sample_weight=weight)
    factor = y_pred.shape[-1] if INPUTS.get(card.name, Inputs()).adds_elements else 1
    assert distance(left, each[1:].sum() * factor) <= 1e-5


@each_part("loss")
def test_a_mask_leaves_out_what_it_hides(card):
    arguments, y_true, y_pred, each = _some(card)
    if not each.ndim or not INPUTS.get(card.name, Inputs()).masked_as_a_whole:
        pytest.skip("no mask of whole losses")
    mask = np.arange(each.size).reshape(each.shape) % 2 == 0
    prediction = ops.convert_to_tensor(y_pred)
    prediction._keras_mask = ops.convert_to_tensor(mask)
    assert distance(make(card, arguments)(y_true, prediction), each[mask].mean()) <= 1e-5


@each_part("loss")
def test_an_empty_batch_costs_nothing(card):
    inputs, case = INPUTS.get(card.name, Inputs()), REFERENCES["loss"][card.name].cases(card.name)[0]
    y_true, y_pred = inputs.make(np.random.default_rng(0), (0, *inputs.shapes[-1][1:]))
    value, gradient = value_and_gradient(
        lambda prediction: make(card, case.arguments)(y_true, prediction), y_pred
    )
    assert value.shape == () and value == 0 and gradient.size == 0


def test_outputs_by_name_each_have_their_loss():
    inputs = keras.Input((3,))
    depth, kind = keras.layers.Dense(1, name="depth")(inputs), keras.layers.Dense(4, name="kind")(inputs)
    model = keras.Model(inputs, {"depth": depth, "kind": kind})
    model.compile(
        "sgd", {"depth": "berhu", "kind": "kzoo/cross_entropy"}, loss_weights={"depth": 2, "kind": 3}
    )
    generator = np.random.default_rng(0)
    x, metres, classes = generator.normal(size=(6, 3)), generator.normal(size=(6, 1)), np.arange(6) % 4
    total = model.evaluate(x, {"depth": metres, "kind": classes}, verbose=0)
    outputs = model.predict(x, verbose=0)
    from kzoo.losses import BerHu, CrossEntropy

    expected = 2 * as_float64(BerHu()(metres, outputs["depth"])) + 3 * as_float64(
        CrossEntropy()(classes, outputs["kind"])
    )
    assert total[0] == pytest.approx(float(expected), rel=1e-5)


def test_weights_of_classes_in_fit_are_weights_of_examples():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.0), "kzoo/cross_entropy")
    generator = np.random.default_rng(0)
    x, classes = generator.normal(size=(8, 3)), np.array([0, 1] * 4)
    losses = model.fit(x, classes, class_weight={0: 1.0, 1: 5.0}, batch_size=8, verbose=0).history["loss"]
    from kzoo.losses import CrossEntropy

    each = as_float64(CrossEntropy(reduction=None)(classes, model.predict(x, verbose=0)))
    assert losses[0] == pytest.approx((each * np.where(classes == 1, 5, 1)).mean(), rel=1e-5)
