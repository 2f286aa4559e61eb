"""What metrics do at their edges: counts beyond float32, full memories, masks, and wrong arguments and shapes."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

import kzoo.losses
import kzoo.metrics
from kzoo.metrics import (
    AveragePrecision,
    ConfusionMatrix,
    DiceScore,
    ExactMatch,
    ExplainedVariance,
    Hamming,
    Kendall,
    Perplexity,
    SiLogError,
    Spearman,
    Specificity,
)
from kzoo.metrics.shapes import weights_of
from kzoo.registry import catalogue

from .gradients import BACKEND, as_float64
from .own_parts import own_cards


def _said(metric, *batches):
    for batch in batches:
        metric.update_state(*batch)
    return as_float64(metric.result())


def test_counts_go_on_beyond_what_float32_holds():
    metric = ConfusionMatrix(num_classes=2)
    batches = [([0], [0], [2.0**25])] + [([0], [0])] * 10
    # One more is lost beside 2²⁵ in float32, ten together aren't.
    assert _said(metric, *batches)[0, 0] == 2**25 + 8  # the nearest that float32 has to 2²⁵ + 10
    merged = ConfusionMatrix(num_classes=2)
    merged.merge_state([metric] * 2)
    assert as_float64(merged.result())[0, 0] == 2**26 + 16


@pytest.mark.skipif(BACKEND != "tensorflow", reason="the same operations on every backend")
@pytest.mark.parametrize("jit_compile", [False, True])
def test_counts_go_on_in_compiled_steps(jit_compile):
    import tensorflow as tf

    metric = Hamming()
    step = tf.function(metric.update_state, jit_compile=jit_compile, reduce_retracing=True)
    for weight in (2.0**25, *[1.0] * 10):
        step(tf.constant([0.0]), tf.constant([1.0]), tf.constant([weight]))
    assert float(metric._wrong.value()) == 2**25 + 8


@pytest.mark.parametrize("make", [Spearman, Kendall, AveragePrecision])
def test_a_full_memory_is_not_a_number(make):
    y, p = np.float32([0, 1, 1, 0]), np.float32([0.1, 0.3, 0.2, 0.9])
    full, over = make(capacity=4), make(capacity=4)
    fits = _said(full, (y, p))
    assert np.isfinite(fits)
    assert _said(make(capacity=4), (y, p), (y, p, np.zeros(4))) == fits, "weight 0 takes no space"
    assert np.isnan(_said(over, (y, p), (y[:1], p[:1])))
    assert np.isnan(_said(make(capacity=3), (y, p)))
    for others in ([full, over], [over], [full, full]):
        merged = make(capacity=4)
        merged.merge_state(others)
        assert np.isnan(as_float64(merged.result()))
    over.reset_state()
    assert _said(over, (y, p)) == fits
    assert np.isnan(_said(make(), (y, p * np.nan)))


@pytest.mark.parametrize("variant", ["a", "b", "c"])
def test_ranks_with_any_weights_are_those_of_all_pairs(variant):
    generator = np.random.default_rng(0)
    y, p = generator.integers(12, size=(2, 150)).astype("float32")
    weight = generator.uniform(0.1, 3, size=150).astype("float32")
    y_sign, p_sign = (np.sign(each[:, None] - each[None, :]) for each in (y, p))
    pairs = weight[:, None].astype("float64") * weight[None, :] * (1 - np.eye(150))
    right = (pairs * y_sign * p_sign).sum()
    below = {
        "a": pairs.sum(),
        "b": np.sqrt((pairs * y_sign**2).sum() * (pairs * p_sign**2).sum()),
        "c": weight.sum(dtype="float64") ** 2 * 11 / 12,
    }
    assert _said(Kendall(variant), (y, p, weight)) == pytest.approx(right / below[variant], abs=1e-6)
    # A mean rank is half of what is level with it and all of what is below.
    y_rank, p_rank = (((1 + sign) / 2 * weight).sum(axis=1) for sign in (y_sign, p_sign))
    covariance = np.cov(y_rank, p_rank, aweights=weight)
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert _said(Spearman(), (y, p, weight)) == pytest.approx(expected, abs=1e-6)


def test_explained_variance_far_from_zero():
    generator = np.random.default_rng(0)
    y = np.float32(generator.normal(size=600) + 1e4)
    p = np.float32(y + generator.normal(scale=0.5, size=600))
    exact = 1 - np.var(np.float64(y) - p) / np.var(np.float64(y))
    metric = ExplainedVariance()
    assert _said(metric, *zip(np.split(y, 60), np.split(p, 60))) == pytest.approx(exact, abs=1e-6)


def test_what_keras_masks_is_left_out():
    tokens, mask = np.array([[0, 1], [1, 1]]), np.array([[True, True], [True, False]])
    scores = np.float32([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [1.0, 0.0]]])
    predictions = ops.convert_to_tensor(scores)
    if BACKEND == "jax":
        weights = weights_of(None, predictions[..., 0], "float32", SimpleNamespace(_keras_mask=mask))
        assert (as_float64(weights) == mask).all()
        return
    predictions._keras_mask = ops.convert_to_tensor(mask)
    expected = _said(Perplexity(), (tokens, scores, np.float32(mask)))
    assert _said(Perplexity(), (tokens, predictions)) == expected
    assert _said(ExactMatch(), (tokens, predictions)) == 1


def test_a_map_as_wide_as_there_are_classes_isn_t_one_row_a_sample():
    masks = np.array([[[0, 1], [1, 1]]])
    scores = np.eye(2)[masks]
    assert (_said(ConfusionMatrix(2), (masks, scores)) == [[1, 0], [0, 3]]).all()
    assert (_said(ConfusionMatrix(2), (scores, masks)) == [[1, 0], [0, 3]]).all()


def test_dice_of_one_mask_from_a_sigmoid():
    mask, output = np.float32([[[[1], [1]]], [[[0], [0]]]]), np.float32([[[[0.9], [0.1]]], [[[0.2], [0.3]]]])
    assert _said(DiceScore(per_image=True), (mask, output)) == pytest.approx(2 / 3), (
        "empty pictures are left out"
    )
    assert _said(DiceScore(include_background=True), (mask, output)) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert _said(DiceScore(average="micro", include_background=True), (mask, output)) == pytest.approx(3 / 4)


def test_specificity_of_one_class_and_of_all():
    y, p = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    assert _said(Specificity(3, class_id=1), (y, p)) == pytest.approx(2 / 3)
    assert _said(Specificity(3, average="micro"), (y, p)) == pytest.approx(6 / 8)
    assert _said(Specificity(3, average=None), (y, p)) == pytest.approx([1 / 2, 2 / 3, 1])


def test_silog_is_the_loss_of_that_name():
    y, p = np.random.default_rng(0).uniform(-1, 5, size=(2, 3, 4, 5, 1)).astype("float32")
    for arguments in ({"weight": 1.0, "root": True}, {"weight": 0.5, "root": False}):
        loss = kzoo.losses.SiLog(**arguments)(y, p)
        assert _said(SiLogError(**arguments), (y, p)) == pytest.approx(as_float64(loss), rel=1e-6)


def test_the_borders_of_bins_and_of_what_is_divided_by():
    assert (
        _said(kzoo.metrics.CalibrationError(), ([0, 0], [1.0, 0.0])) == 0.5
    )  # surely wrong, and surely right
    assert _said(kzoo.metrics.CalibrationError(num_bins=2, norm="max"), ([1, 0], [0.5, 0.4])) == 0.5
    for make in (kzoo.metrics.SMAPE, kzoo.metrics.WMAPE):
        tiny = _said(make(), (np.float32([1e-9]), np.float32([0])))
        assert tiny == pytest.approx((2 if make is kzoo.metrics.SMAPE else 1) * 1e-9 / 1.17e-6)


def test_psnr_without_error_is_infinite():
    pictures = np.ones((2, 3, 3, 1))
    assert _said(kzoo.metrics.PSNR(), (pictures, pictures)) == np.inf
    assert _said(kzoo.metrics.PSNR(per_image=True), (pictures, pictures)) == np.inf


@pytest.mark.parametrize("make", [Hamming, Spearman, ExplainedVariance])
def test_a_metric_made_outside_of_a_strategy_s_scope_is_refused_inside(make, monkeypatch):
    metric = make()
    monkeypatch.setattr(kzoo.metrics.replicas, "replica_count", lambda: 2)
    with pytest.raises(ValueError, match=r"strategy\.scope"):
        metric.update_state([1.0], [1.0])


def test_no_metric_is_saved_under_the_name_of_another_part():
    metrics = {card.serialized_name for card in own_cards("metric")}
    others = {card.serialized_name for kind in ("loss", "layer", "activation") for card in own_cards(kind)}
    assert not metrics & others


def test_names_work_as_strings_in_keras():
    for card in own_cards("metric"):
        if not card.parameters().missing(set()):
            metric = keras.metrics.get(card.name)
            assert type(metric) is card.load() and metric.name == card.name
            assert type(catalogue().find("metric", card.full_name).load()()) is type(metric)


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("CohenKappa", {"num_classes": 1}, "num_classes=1"),
        ("CohenKappa", {"num_classes": 3, "weighting": "cubic"}, "weighting='cubic'"),
        ("ConfusionMatrix", {"num_classes": 2.0}, r"num_classes=2\.0"),
        ("ConfusionMatrix", {"num_classes": 2, "normalize": "rows"}, "normalize='rows'"),
        ("MatthewsCorrCoef", {"num_classes": True}, "num_classes=True"),
        ("Specificity", {"average": "mean"}, "average='mean'"),
        ("Specificity", {"num_classes": 3, "class_id": 3}, "class_id=3"),
        ("DiceScore", {"average": None}, "average=None"),
        ("AveragePrecision", {"num_classes": 0}, "num_classes=0"),
        ("AveragePrecision", {"average": "micro"}, "average='micro'"),
        ("AveragePrecision", {"capacity": 2**24 + 1}, "capacity=16777217"),
        ("Spearman", {"capacity": 0}, "capacity=0"),
        ("Spearman", {"num_outputs": 0}, "num_outputs=0"),
        ("Kendall", {"variant": "d"}, "variant='d'"),
        ("CalibrationError", {"num_bins": 0}, "num_bins=0"),
        ("CalibrationError", {"norm": "l3"}, "norm='l3'"),
        ("ExplainedVariance", {"multioutput": "mean"}, "multioutput='mean'"),
        ("RMSELog", {"epsilon": 0}, "epsilon=0"),
        ("SiLogError", {"weight": 2}, "weight=2"),
        ("Delta1", {"epsilon": -1}, "epsilon=-1"),
        ("PSNR", {"max_val": 0}, "max_val=0"),
        ("StructuralSimilarity", {"window_size": 4}, "window_size=4"),
        ("StructuralSimilarity", {"padding": "full"}, "padding='full'"),
        ("MultiScaleSimilarity", {"weights": [1, -1]}, "weights="),
    ],
)
def test_wrong_arguments(name, arguments, match):
    with pytest.raises(ValueError, match=match):
        getattr(kzoo.metrics, name)(**arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "y_true", "y_pred"),
    [
        ("ConfusionMatrix", {"num_classes": 3}, (4,), (5,)),
        ("DiceScore", {}, (2, 4, 4), (2, 4, 5)),
        ("Hamming", {}, (4, 3), (4, 2)),
        ("ExactMatch", {}, (4, 3), (5, 3, 2)),
        ("AveragePrecision", {"num_classes": 3}, (4, 3), (4, 2)),
        ("AveragePrecision", {}, (4,), (3,)),
        ("CalibrationError", {}, (4,), (3, 5)),
        ("Brier", {}, (4, 3), (4, 2)),
        ("Perplexity", {}, (4, 3), (4, 2, 7)),
        ("Spearman", {"num_outputs": 2}, (4, 3), (4, 3)),
        ("Kendall", {}, (4,), (4, 2)),
        ("ExplainedVariance", {}, (4, 2), (4, 2)),
        ("SMAPE", {}, (4,), (5,)),
        ("WMAPE", {}, (4, 2), (4, 3)),
        ("AbsRel", {}, (4,), (4,)),
        ("SiLogError", {}, (4, 2, 2), (4, 2, 3)),
        ("PSNR", {}, (4, 2, 2, 1), (4, 2, 2, 3)),
        ("StructuralSimilarity", {}, (1, 16, 16, 1), (1, 16, 15, 1)),
        ("MultiScaleSimilarity", {}, (1, 16, 16, 1), (1, 16, 16, 1)),
    ],
)
def test_wrong_shapes(name, arguments, y_true, y_pred):
    with pytest.raises(ValueError, match="shape"):
        getattr(kzoo.metrics, name)(**arguments).update_state(np.ones(y_true), np.ones(y_pred))
