"""What is special to losses of classes and labels: kinds of targets, what is ignored, limits, and wrong arguments."""

import sys
from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

import kzoo
import kzoo.losses
from kzoo import keras_plugin
from kzoo.build.dry_run import dry_run
from kzoo.build.experiment import build
from kzoo.losses import (
    JSD,
    ZLPR,
    Asymmetric,
    BinaryPoly,
    BiTempered,
    Coral,
    Corn,
    CrossEntropy,
    Focal,
    GaussianNLL,
    JensenShannon,
    MarginRanking,
    Poly,
    SigmoidFocal,
    SoftMargin,
    Sparsemax,
    SymmetricCE,
    TwoWay,
    WeightedKappa,
)
from kzoo.problems import KzooError

from .gradients import as_float64, distance, value_and_gradient
from .references import losses_classification as references
from .references.losses_classification import CLASSIFICATION as GOLDEN

ARGUMENTS = {"LDAM": {"class_counts": [9.0, 2.0, 5.0, 1.0]}}
ONE_OF_MANY = ("AsymmetricSingleLabel", "BiTempered", "CrossEntropy", "Focal", "LDAM", "MultiMargin")
ONE_OF_MANY += ("GeneralizedCE", "Poly", "Sparsemax", "SymmetricCE", "WeightedKappa")
ORDERED = ("Coral", "Corn")
LOGITS = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
NUMBERS = np.array([0, 3, 1, 2, 3, 0])


def make(name, **arguments):
    return getattr(kzoo.losses, name)(**ARGUMENTS.get(name, {}), **arguments)


@pytest.mark.parametrize("part", ["soft_target_ce", "label_smoothing_ce"])
def test_cross_entropy_is_that_of_timm(part):
    for case in GOLDEN.cases(part):
        loss = CrossEntropy(**case.arguments)
        value, gradient = value_and_gradient(partial(loss, case.arrays["y_true"]), case.arrays["y_pred"])
        assert distance(value, case.arrays["value"]) <= 1e-5
        assert distance(gradient, case.arrays["gradient"]) <= 1e-4


@pytest.mark.parametrize("name", ONE_OF_MANY)
def test_targets_are_numbers_or_a_column_of_them_or_vectors(name):
    loss = make(name, reduction=None)
    expected = loss(NUMBERS, LOGITS)
    assert distance(loss(NUMBERS[:, None], LOGITS), expected) == 0
    assert distance(loss(np.eye(4)[NUMBERS], LOGITS), expected) <= 1e-6
    with pytest.raises(ValueError, match="of class numbers or"):
        loss(np.zeros((6, 3)), LOGITS)


@pytest.mark.parametrize("name", ONE_OF_MANY + ORDERED)
def test_what_is_ignored_costs_nothing_and_does_not_count(name):
    some = np.where(np.arange(6) % 2, -100, NUMBERS)
    value, gradient = value_and_gradient(partial(make(name), some), LOGITS)
    without, of_rest = value_and_gradient(partial(make(name), NUMBERS[::2]), LOGITS[::2])
    assert distance(value, without) <= 1e-6 and distance(gradient[::2], of_rest) <= 1e-6
    assert (gradient[1::2] == 0).all()
    value, gradient = value_and_gradient(partial(make(name), np.full(6, -100)), LOGITS)
    assert value == 0 and (gradient == 0).all()
    assert make(name, ignore_index=3).get_config()["ignore_index"] == 3
    assert np.isfinite(as_float64(make(name, ignore_index=None)(NUMBERS, LOGITS)))


def test_grades_are_numbers_or_a_column_of_them():
    for name in ORDERED:
        loss = make(name, reduction=None)
        assert distance(loss(NUMBERS[:, None], LOGITS), loss(NUMBERS, LOGITS)) == 0
        with pytest.raises(ValueError, match="of grades"):
            loss(np.zeros((6, 2)), LOGITS)
    answers = NUMBERS[:, None] > np.arange(4)
    assert distance(Coral()(answers.astype("float32"), LOGITS), Coral()(NUMBERS, LOGITS)) <= 1e-6
    of_two = Corn()(np.array([0, 1, 1]), LOGITS[:3, :1])
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    assert distance(of_two, bce(np.array([[0.0], [1.0], [1.0]]), LOGITS[:3, :1])) <= 1e-6


@pytest.mark.parametrize("name", ["coral", "corn"])
def test_in_a_recipe_ordered_classes_have_one_output_less(name, tmp_path):
    def checked(units):
        recipe = tmp_path / "ordered.yaml"
        model = f"{{layers: [flatten, {{name: dense, units: {units}}}]}}"
        recipe.write_text(f"data: digits\nmodel: {model}\ncompile: {{loss: {name}, optimizer: sgd}}\n")
        dry_run(build(kzoo.load_recipe(str(recipe))))

    checked(9)
    with pytest.raises(KzooError, match="one unit less"):
        checked(10)


def test_without_its_power_focal_is_cross_entropy():
    labels = np.eye(4)[NUMBERS]
    bce = keras.losses.BinaryCrossentropy(from_logits=True)(labels, LOGITS)
    smooth = CrossEntropy(label_smoothing=0.1)(NUMBERS, LOGITS)
    assert distance(Focal(gamma=0, label_smoothing=0.1)(NUMBERS, LOGITS), smooth) <= 1e-6
    assert distance(Poly(epsilon=[0, 0], label_smoothing=0.1)(NUMBERS, LOGITS), smooth) <= 1e-6
    assert distance(SymmetricCE(alpha=1, beta=0, label_smoothing=0.1)(NUMBERS, LOGITS), smooth) <= 1e-6
    for loss in (SigmoidFocal(alpha=None, gamma=0), BinaryPoly(epsilon=0), SoftMargin()):
        assert distance(loss(labels, LOGITS), bce) <= 1e-6
    asymmetric = Asymmetric(gamma_negative=0, gamma_positive=0, clip=0)
    assert distance(asymmetric(labels, LOGITS), 4 * as_float64(bce)) <= 1e-5


def test_focal_of_probabilities_is_that_of_keras():
    target = np.random.default_rng(1).dirichlet(np.ones(4), size=6)
    kerass = keras.losses.CategoricalFocalCrossentropy(alpha=0.25, gamma=1.5, from_logits=True)
    assert distance(Focal(alpha=[0.25] * 4, gamma=1.5)(target, LOGITS), kerass(target, LOGITS)) <= 1e-6
    binary = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)
    labels = np.eye(4)[NUMBERS]
    assert distance(SigmoidFocal()(labels, LOGITS), binary(labels, LOGITS)) <= 1e-6


def test_poly_n_adds_a_power_a_term():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    missing = 1 - p[np.arange(6), NUMBERS]
    added = (2 * missing - missing**2 + 0.5 * missing**3).mean()
    expected = as_float64(CrossEntropy()(NUMBERS, LOGITS)) + added
    assert distance(Poly(epsilon=[2, -1, 0.5])(NUMBERS, LOGITS), expected) <= 1e-6


@pytest.mark.parametrize("t2", [1.0001, 1.4, 2.0, 4.0])
def test_the_normalizer_of_bi_tempered_is_exact_for_many_classes(t2):
    generator = np.random.default_rng(0)
    y_true, y_pred = (
        generator.integers(0, 1000, size=4),
        generator.normal(size=(4, 1000)) * [[0], [1], [9], [40]],
    )
    value, gradient = references.bi_tempered(y_true, y_pred, t2=t2)
    measured = value_and_gradient(partial(BiTempered(t2=t2), y_true), y_pred)
    assert distance(measured[0], value) <= 1e-5 and distance(measured[1], gradient) <= 1e-5


def test_the_likelihood_of_a_normal_distribution_takes_columns():
    y_pred = np.float32([[1, 2], [0, 3], [2, 1]])
    assert distance(GaussianNLL()([1.0, 2.0, 3.0], y_pred), GaussianNLL()([[1.0], [2.0], [3.0]], y_pred)) == 0
    for y_true in (np.zeros((3, 1)), np.zeros((3,))):
        with pytest.raises(ValueError, match="means and then variances"):
            GaussianNLL()(y_true, np.zeros((3, 4)))


def test_a_variance_below_the_smallest_can_come_back():
    for log_variance, too_small in ((False, -3.0), (True, -50.0)):
        loss = GaussianNLL(log_variance=log_variance, epsilon=1e-2)
        _, gradient = value_and_gradient(partial(loss, [[1.0]]), [[0.0, too_small]])
        assert gradient[0, 1] < 0, "a larger variance would cost less"


def test_divergences_at_their_ends():
    apart = [[1.0, 0.0]], [[0.0, 1.0]]
    assert float(JensenShannon()(*apart)) == pytest.approx(np.log(2), rel=1e-6)
    assert float(JensenShannon()(apart[0], apart[0])) == 0
    assert float(JensenShannon(from_logits=True)([[1.0, 0.0]], [[-1e4, 1e4]])) == pytest.approx(
        np.log(2), rel=1e-6
    )
    thrice = np.concatenate([LOGITS] * 3)
    plain = CrossEntropy(label_smoothing=0.1)(NUMBERS, LOGITS)
    assert distance(JSD()(np.concatenate([NUMBERS] * 3), thrice), plain) <= 1e-6
    with pytest.raises(ValueError, match="split in 4"):
        JSD(splits=4)(NUMBERS, LOGITS)


def test_kappa_at_its_ends():
    right, wrong = np.eye(4)[NUMBERS], np.eye(4)[3 - NUMBERS]
    assert as_float64(WeightedKappa()(NUMBERS, right)) == pytest.approx(np.log(1e-6), rel=1e-6)
    assert as_float64(WeightedKappa()(np.zeros(6), np.eye(4)[np.zeros(6, int)])) == pytest.approx(
        np.log(1e-6)
    )
    assert as_float64(WeightedKappa()(NUMBERS, wrong)) > 0
    for y_pred in (LOGITS * 1e4, -LOGITS * 1e4):
        value, gradient = value_and_gradient(partial(WeightedKappa(from_logits=True), NUMBERS), y_pred)
        assert np.isfinite(value) and np.isfinite(gradient).all()


def test_labels_that_nobody_has_or_that_all_have():
    nothing, everything = np.zeros((6, 4)), np.ones((6, 4))
    value, gradient = value_and_gradient(partial(TwoWay(), nothing), LOGITS)
    assert value == 0 and (gradient == 0).all()
    value, gradient = value_and_gradient(partial(TwoWay(), everything), LOGITS)
    assert value == 0 and (gradient == 0).all()
    expected = np.log1p(np.exp(LOGITS).sum(-1)).mean()
    assert as_float64(ZLPR()(nothing, LOGITS)) == pytest.approx(expected, rel=1e-6)
    assert as_float64(TwoWay()([[1.0, 0.0]], [[1e4, 6e3]])) == 0, "all in order, by far"
    with pytest.raises(ValueError, match="of one shape"):
        ZLPR()(np.zeros(6), LOGITS)


def test_sparsemax_costs_nothing_once_the_lead_is_1():
    value, gradient = value_and_gradient(partial(Sparsemax(), [2]), [[0.0, -4.0, 1.5, 0.5]])
    assert value == 0 and (gradient == 0).all()
    far = np.float32([[1e4, 9999.7, 9999.6, -1e4]])
    assert distance(Sparsemax()([0], far), Sparsemax()([0], far - 1e4)) <= 1e-6


def test_0_will_do_for_minus_1():
    signs, zeros = np.where(NUMBERS > 1, 1.0, -1.0), np.where(NUMBERS > 1, 1.0, 0.0)
    for name in ("SoftMargin", "HingeEmbedding"):
        loss = make(name)
        assert distance(loss(zeros[:, None], LOGITS[:, :1]), loss(signs[:, None], LOGITS[:, :1])) == 0
    loss = MarginRanking(margin=0.5)
    assert distance(loss(zeros, LOGITS[:, :2]), loss(signs[:, None], LOGITS[:, :2])) == 0
    with pytest.raises(ValueError, match="predictions \\(batch, …, 2\\)"):
        loss(zeros, LOGITS)


def test_generalized_cross_entropy_is_found_by_its_names():
    names = ("generalized_ce", "gce", "categorical_generalized_cross_entropy")
    assert all(
        type(keras.losses.get(name)).__name__ == "CategoricalGeneralizedCrossEntropy" for name in names
    )
    table = dict(sys.modules[keras_plugin.TABLES["loss"]].ALL_OBJECTS_DICT)
    assert not set(names) & set(table), "Keras mended it: change the card"
    kerass, probabilities = keras.losses.get("gce"), ops.softmax(LOGITS)
    from_logits = kzoo.get("loss", "kzoo/generalized_ce", q=0.5)
    assert distance(from_logits(NUMBERS, LOGITS), kerass(NUMBERS, probabilities)) <= 1e-6
    # Where the probability is 0 Keras's has no slope, as its card says.
    loss = keras.losses.CategoricalGeneralizedCrossEntropy()
    _, gradient = value_and_gradient(partial(loss, np.array([0])), [[0.0, 1.0]])
    assert not np.isfinite(gradient).all(), "Keras mended it: change the card"


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("GaussianNLL", {"epsilon": 0}, "epsilon=0"),
        ("Focal", {"gamma": -1}, "gamma=-1"),
        ("Focal", {"alpha": [1, -1]}, "alpha="),
        ("Focal", {"label_smoothing": 1.5}, "label_smoothing=1.5"),
        ("SigmoidFocal", {"alpha": 2}, "alpha=2"),
        ("Poly", {"epsilon": float("nan")}, "epsilon=nan"),
        ("Poly", {"epsilon": [1, float("inf")]}, "epsilon="),
        ("BinaryPoly", {"gamma": -1}, "gamma=-1"),
        ("Asymmetric", {"clip": -0.1}, "clip=-0.1"),
        ("Asymmetric", {"gamma_negative": float("nan")}, "gamma_negative=nan"),
        ("AsymmetricSingleLabel", {"gamma_positive": -1}, "gamma_positive=-1"),
        ("JSD", {"splits": 1}, "splits=1"),
        ("JSD", {"splits": 2.5}, "splits=2.5"),
        ("BiTempered", {"t1": 1.1}, "t1=1.1"),
        ("BiTempered", {"t2": 0.9}, "t2=0.9"),
        ("GeneralizedCE", {"q": 0}, "q=0"),
        ("GeneralizedCE", {"q": 1.5}, "q=1.5"),
        ("SymmetricCE", {"lowest": 0}, "lowest=0"),
        ("LDAM", {"class_counts": [3, 0]}, "class_counts="),
        ("LDAM", {"class_counts": []}, "class_counts="),
        ("LDAM", {"class_counts": [3, 1], "scale": 0}, "scale=0"),
        ("DistributionBalanced", {"class_counts": [3, 9], "examples": 9}, "examples=9"),
        ("TwoWay", {"positive_temperature": 0}, "positive_temperature=0"),
        ("Coral", {"step_weights": [1, -1]}, "step_weights="),
        ("WeightedKappa", {"weighting": "cubic"}, "weighting='cubic'"),
        ("WeightedKappa", {"epsilon": 0}, "epsilon=0"),
        ("MultiMargin", {"p": 3}, "p=3"),
        ("HingeEmbedding", {"margin": -1}, "margin=-1"),
        ("MarginRanking", {"margin": float("inf")}, "margin=inf"),
    ],
)
def test_wrong_arguments(name, arguments, match):
    with pytest.raises(ValueError, match=match):
        getattr(kzoo.losses, name)(**arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("Focal", {"alpha": [1, 2]}, "Expected 4 alpha"),
        ("Asymmetric", {"class_weights": [1, 2]}, "Expected 4 class weights"),
        ("LDAM", {"class_counts": [1, 2]}, "Expected 4 class counts"),
        ("DistributionBalanced", {"class_counts": [1, 2], "examples": 9}, "Expected 4 class counts"),
        ("MultiMargin", {"class_weights": [1, 2]}, "Expected 4 class weights"),
        ("Coral", {"step_weights": [1, 2]}, "Expected 4 step weights"),
    ],
)
def test_as_many_as_classes(name, arguments, match):
    with pytest.raises(ValueError, match=match):
        getattr(kzoo.losses, name)(**arguments)(np.eye(4)[NUMBERS], ops.convert_to_tensor(LOGITS))
