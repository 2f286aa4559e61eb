"""Every own loss against its reference, on whatever backend this runs on."""

import json
from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

from .gradients import BACKEND, as_float64, as_one, distance, value_and_gradient
from .loss_inputs import Inputs
from .own_parts import each_part, make, own_cards
from .references import REFERENCES
from .references.losses import INPUTS


def _cases(card):
    return REFERENCES["loss"][card.name].cases(card.name)


def _inputs(card):
    return INPUTS.get(card.name, Inputs())


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
    for case in _cases(card):
        loss = make(card, case.arguments, dtype=dtype, reduction=None)
        for y_true, y_pred in _inputs(card).extremes(dtype):
            value, gradient = value_and_gradient(partial(loss, y_true), y_pred, dtype)
            assert np.isfinite(value).all() and np.isfinite(gradient).all(), (y_true, y_pred)
    proof(card, "extremes")


@pytest.mark.parametrize(
    ("card", "shape"),
    [
        pytest.param(card, shape, id=f"{card.name}-{shape}")
        for card in own_cards("loss")
        for shape in _inputs(card).shapes
    ],
)
def test_shapes_and_reductions(card, proof, shape):
    generator = np.random.default_rng(0)
    inputs, case = _inputs(card), _cases(card)[0]
    y_true, y_pred = inputs.make(generator, shape)
    each_loss, mean, total = (
        make(card, case.arguments, reduction=reduction) for reduction in (None, "sum_over_batch_size", "sum")
    )
    weight = generator.uniform(size=inputs.each(shape)).astype("float32")

    def reduced(y_pred):
        weighted = mean(y_true, y_pred, sample_weight=weight) if weight.ndim else mean(y_true, y_pred)
        return each_loss(y_true, y_pred), mean(y_true, y_pred), total(y_true, y_pred), weighted

    each, meant, added, weighted = map(as_float64, as_one(reduced)(y_pred))
    assert each.shape == inputs.each(shape)
    assert distance(meant, each.mean()) <= 1e-5
    assert distance(added, (each * shape[-1] if inputs.adds_elements else each).sum()) <= 1e-5
    assert distance(weighted, (each * weight if weight.ndim else each).mean()) <= 1e-5
    proof(card, "shapes")


@pytest.mark.parametrize(
    "card", [card for card in own_cards("loss") if _inputs(card).column], ids=lambda card: card.name
)
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
        both = [as_one(partial(each, case.arrays["y_true"]))(case.arrays["y_pred"]) for each in (loss, again)]
        assert as_float64(both[0]) == as_float64(both[1])
    proof(card, "config")


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


def test_tversky_has_the_two_errors_the_paper_s_way_round():
    from kzoo.losses import Tversky

    mask, too_much = np.float32([[[1], [0]]]), np.float32([[[1], [1]]])
    only_false_positives = Tversky(alpha=1, beta=0, smooth=1e-6)
    assert float(only_false_positives(mask, too_much)) == pytest.approx(0.5, abs=1e-4)
    assert float(only_false_positives(too_much, mask)) == pytest.approx(0, abs=1e-4)
    kerass = keras.losses.Tversky(alpha=1, beta=0)
    assert float(kerass(mask, too_much)) == pytest.approx(0, abs=1e-4), "Keras mended it: change the cards"


def test_cross_entropy_that_ignores_everything_is_zero():
    from kzoo.losses import CrossEntropy

    value, gradient = value_and_gradient(lambda y: CrossEntropy()([-100, -100], y), np.ones((2, 3)))
    assert value == 0 and (gradient == 0).all()


def test_cross_entropy_takes_a_column_of_class_numbers():
    from kzoo.losses import CrossEntropy

    logits = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    assert float(CrossEntropy()([[2], [0], [1]], logits)) == float(CrossEntropy()([2, 0, 1], logits))
    with pytest.raises(ValueError, match="class numbers"):
        CrossEntropy()(np.zeros((3, 2)), logits)
    with pytest.raises(ValueError, match="Expected 4 class weights"):
        CrossEntropy(class_weights=[1, 2])([2, 0, 1], logits)


def test_depth_losses_leave_out_what_was_not_seen():
    from kzoo.losses import DepthGradient, ScaleShiftInvariant, SiLog

    y_true, y_pred = np.float32([[[[0], [2]], [[-1], [3]]]]), np.float32([[[[9], [2]], [[7], [3]]]])
    for loss in (SiLog(), DepthGradient(), ScaleShiftInvariant()):
        value, gradient = value_and_gradient(partial(loss, y_true), y_pred)
        assert value == pytest.approx(0, abs=1e-6) and (np.abs(gradient) < 1e-6).all()
        with pytest.raises(ValueError, match="batch of maps"):
            loss([1.0], [1.0])


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("SmoothL1", {"beta": -1}, "beta=-1"),
        ("SmoothL1", {"beta": float("nan")}, "beta=nan"),
        ("BerHu", {"threshold": 0}, "threshold=0"),
        ("Charbonnier", {"epsilon": 0}, "epsilon=0"),
        ("Cauchy", {"scale": float("nan")}, "scale=nan"),
        ("Welsch", {"scale": -1}, "scale=-1"),
        ("GemanMcClure", {"scale": float("inf")}, "scale=inf"),
        ("Pinball", {"quantile": 1}, "quantile=1"),
        ("PoissonNLL", {"epsilon": 0}, "epsilon=0"),
        ("Wing", {"width": 0}, "width=0"),
        ("AdaptiveWing", {"alpha": 1}, "alpha=1"),
        ("SiLog", {"weight": 1.1}, "weight=1.1"),
        ("DepthGradient", {"scales": 0}, "scales=0"),
        ("DepthGradient", {"scales": 1.5}, "scales=1.5"),
        ("IoU", {"epsilon": 0}, "epsilon=0"),
        ("Tversky", {"alpha": -0.1}, "alpha=-0.1"),
        ("FocalTversky", {"gamma": 0}, "gamma=0"),
        ("Dice", {"smooth": 0}, "smooth=0"),
        ("CrossEntropy", {"label_smoothing": 2}, "label_smoothing=2"),
        ("CrossEntropy", {"class_weights": [1, -1]}, "class_weights="),
    ],
)
def test_wrong_arguments(name, arguments, match):
    import kzoo.losses

    with pytest.raises(ValueError, match=match):
        getattr(kzoo.losses, name)(**arguments)


def test_boxes_have_four_numbers():
    from kzoo.losses import CIoU

    with pytest.raises(ValueError, match="a last axis of 4"):
        CIoU()(np.zeros((2, 3)), np.zeros((2, 3)))
