"""What is special about losses of sequences, of adversarial networks and of distillation."""

from functools import partial

import keras
import numpy as np
import pytest

from kzoo.losses import CTC, Distillation, HingeGAN, Wasserstein

from .gradients import as_float64, distance, value_and_gradient


def test_a_mask_says_how_long_a_sequence_is():
    """Two sequences of features, one shorter and padded, against each by itself."""
    generator = np.random.default_rng(0)
    features = generator.uniform(0.1, 1, size=(2, 6, 3)).astype("float32")
    features[1, 4:] = 0
    labels = np.float32([[1, 2, 2], [3, -1, -1]])

    def losses_of(features, labels, *masking):
        inputs = keras.Input((None, 3))
        x = inputs
        for layer in (*masking, keras.layers.Dense(4, use_bias=False)):
            x = layer(x)
        model = keras.Model(inputs, x)
        model.set_weights([np.linspace(-2, 2, 12).reshape(3, 4)])
        model.compile("sgd", loss=CTC())
        return model.evaluate(features, labels, verbose=0)

    masked = losses_of(features, labels, keras.layers.Masking())
    apart = [losses_of(features[:1], labels[:1]), losses_of(features[1:, :4], labels[1:])]
    assert masked == pytest.approx(np.mean(apart), rel=1e-5)
    assert masked != pytest.approx(losses_of(features, labels), rel=1e-3)


def test_a_target_too_long_costs_nothing_or_infinity():
    logits = np.random.default_rng(0).normal(size=(2, 2, 3))
    labels = [[1, 1], [1, 2]]  # two of a kind need a blank between
    value, gradient = value_and_gradient(partial(CTC(reduction=None), labels), logits)
    assert value[0] == 0 and value[1] > 0 and (gradient[0] == 0).all() and (gradient[1] != 0).any()
    value, gradient = value_and_gradient(partial(CTC(reduction=None, zero_infinity=False), labels), logits)
    assert value[0] == np.inf and np.isfinite(value[1]) and np.isfinite(gradient).all()


def test_a_target_without_labels_is_all_blank():
    logits = np.random.default_rng(0).normal(size=(1, 4, 3))
    expected = -(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))[0, :, 1].sum()
    for labels in ([[-1, -1]], np.zeros((1, 0))):
        assert float(CTC(blank=1)(labels, logits)) == pytest.approx(expected, rel=1e-6)


def test_the_slope_of_ctc_is_that_of_its_value():
    """The gradient comes from a backward recursion of its own: against differences of the value."""
    logits, step = np.random.default_rng(0).normal(size=(1, 5, 3)), 1e-2
    _, gradient = value_and_gradient(partial(CTC(), [[1, 1, -1]]), logits)
    moves = step * np.eye(logits.size).reshape(-1, 5, 3)
    labels = np.tile([[1, 1, -1]], (2 * len(moves), 1))
    values = as_float64(CTC(reduction=None)(labels, np.concatenate([logits + moves, logits - moves])))
    slopes = (values[: len(moves)] - values[len(moves) :]) / (2 * step)
    assert distance(slopes, gradient.ravel()) <= 2e-4


def test_padding_may_be_the_blank():
    logits = np.random.default_rng(0).normal(size=(2, 5, 4))
    mine = CTC(padding=0, reduction=None)([[1, 2, 0], [3, 0, 0]], logits)
    other = CTC(reduction=None)([[1, 2, -1], [3, -1, -1]], logits)
    assert (as_float64(mine) == as_float64(other)).all()


def test_two_hundred_steps_stay_exact():
    """Against the number of alignments, all equally probable: the label may begin and end anywhere."""
    steps = 200
    value = float(CTC()([[1]], np.zeros((1, steps, 2))))
    assert value == pytest.approx(steps * np.log(2) - np.log(steps * (steps + 1) / 2), rel=1e-5)


def test_ctc_wants_labels_and_sequences():
    with pytest.raises(ValueError, match="Expected targets \\(batch, labels\\)"):
        CTC()([1], np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="blank=5"):
        CTC(blank=5)([[1]], np.zeros((1, 2, 3)))


def test_targets_of_adversarial_losses_may_be_0_or_minus_1():
    scores = np.random.default_rng(0).normal(size=(4, 1))
    for loss in (Wasserstein(), HingeGAN(), HingeGAN(generator=True)):
        assert float(loss([1, 0, 0, 1], scores)) == float(loss([1, -1, -1, 1], scores))


def test_the_hinge_of_critics_is_that_of_keras():
    scores = np.random.default_rng(0).normal(scale=2, size=(6, 1))
    targets = np.array([[1], [-1], [1], [1], [-1], [-1]])
    assert float(HingeGAN()(targets, scores)) == pytest.approx(float(keras.losses.Hinge()(targets, scores)))


def test_distillation_of_equal_logits_costs_nothing():
    logits = np.random.default_rng(0).normal(size=(2, 5))
    value, gradient = value_and_gradient(partial(Distillation(), logits), logits)
    assert distance(value, 0) <= 1e-6 and (np.abs(gradient) <= 1e-6).all()
    with pytest.raises(ValueError, match="teacher and student"):
        Distillation()([1, 0], logits)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="temperature=0"):
        Distillation(temperature=0)
