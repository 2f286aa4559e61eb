"""What is particular to losses on embeddings: forms of labels, batches without pairs, ties, points in one place."""

from functools import partial

import keras
import numpy as np
import pytest

import kzoo
from kzoo.losses import (
    BarlowTwins,
    Contrastive,
    NPairs,
    TripletAll,
    TripletHard,
    TripletSemiHard,
    VICReg,
)

from .gradients import as_float64, distance, value_and_gradient
from .references.losses_metric_learning import METRIC_LEARNING_LOSSES, triplet_hard, triplet_semi_hard

OF_VIEWS = ("vicreg", "barlow_twins")
OF_LABELS = [name for name in METRIC_LEARNING_LOSSES if name not in OF_VIEWS]
each_of_labels = pytest.mark.parametrize("name", OF_LABELS)


def _loss(name, **arguments):
    return kzoo.get("loss", f"kzoo/{name}", **arguments)


def _rows(count, dim=4):
    return np.random.default_rng(0).normal(size=(count, dim)).astype("float32")


@each_of_labels
def test_every_form_of_labels_gives_the_same(name):
    labels, rows = np.array([0, 2, 1, 0, 2, 1, 0]), _rows(7)
    expected = as_float64(_loss(name)(labels, rows))
    one_hot = np.eye(3)[labels]
    several = np.concatenate([one_hot, one_hot[:, ::-1] * 0], axis=1)
    for form in (labels[:, None], labels.astype("float32"), one_hot, several, labels + 100):
        assert distance(_loss(name)(form, rows), expected) == 0


@each_of_labels
def test_labels_in_common_are_enough(name):
    rows = _rows(5)
    shared = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 1, 1]])[:4]
    assert distance(_loss(name)(shared, rows[:4]), _loss(name)([0, 0, 1, 1], rows[:4])) == 0


@each_of_labels
def test_who_belongs_to_nobody_and_has_nobody_against_costs_nothing(name):
    alone = [([3], _rows(1))]
    if name not in ("contrastive", "multi_similarity"):  # those also keep strangers apart
        alone.append((np.arange(6), _rows(6)))
    if name not in ("contrastive", "multi_similarity", "sup_con"):  # those also pull without an opponent
        alone.append((np.zeros(6), _rows(6)))
    for labels, rows in alone:
        value, gradient = value_and_gradient(partial(_loss(name, reduction="sum"), labels), rows)
        assert (value == 0).all() and (gradient == 0).all()
    assert (as_float64(_loss(name, reduction="sum")(np.zeros(0), np.zeros((0, 4)))) == 0).all()


@pytest.mark.parametrize("of_one_place", [np.ones((6, 3)), 1e4 * np.ones((6, 3)), np.zeros((6, 3))])
def test_points_in_one_place_cost_what_the_formula_says(of_one_place):
    labels = [0, 0, 1, 1, 2, 2]
    for loss, expected in (
        (Contrastive(margin=0.75), 0.75),
        (TripletAll(margin=0.5), 0.5),
        (TripletHard(), 1),
        (TripletSemiHard(), 1),
        (TripletSemiHard(distance="squared_euclidean", margin=2), 2),
        (NPairs(), np.log(3)),
        (_loss("nt_xent"), np.log(5)),
        (_loss("sup_con"), np.log(5)),
    ):
        value, gradient = value_and_gradient(partial(loss, labels), of_one_place)
        assert value == pytest.approx(expected, rel=1e-6) and np.isfinite(gradient).all()


@pytest.mark.parametrize("half", [5, 20])
def test_ties_are_no_farther(half):
    # Points of a grid are often equally far away; only what is strictly farther is semi-hard. Around a mean of 0, so
    # that float32 holds all distances exactly.
    generator = np.random.default_rng(1)
    rows = generator.integers(0, 4, size=(half, 2)).astype("float32")
    rows, labels = np.concatenate([rows, -rows]), generator.integers(0, 4, 2 * half)
    for arguments in ({"margin": 1.0}, {"margin": 2.0, "distance": "squared_euclidean"}):
        expected, _ = triplet_semi_hard(labels, rows.astype("float64"), **arguments)
        assert distance(TripletSemiHard(**arguments)(labels, rows), expected) <= 1e-5
        expected, _ = triplet_hard(labels, rows.astype("float64"), **arguments)
        assert distance(TripletHard(**arguments)(labels, rows), expected) <= 1e-5


def test_squared_contrastive_is_hadsells_without_the_half():
    rows, labels = _rows(6), np.array([0, 0, 1, 1, 2, 2])
    far = np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(-1))
    same, pairs = labels[:, None] == labels[None], np.triu(np.ones((6, 6), bool), 1)
    pull, push = far[same & pairs] ** 2, np.maximum(3 - far[~same & pairs], 0) ** 2
    expected = pull.mean() + push[push > 0].mean()
    loss = Contrastive(margin=3, squared=True, normalize=False)
    assert distance(loss(labels, rows), expected) <= 1e-5


def test_normalising_makes_lengths_not_matter():
    rows, labels = _rows(6), [0, 0, 1, 1, 2, 2]
    longer = rows * np.float32([[1], [2], [0.5], [4], [8], [0.25]])
    for name in OF_LABELS:
        arguments = {"normalize": True} if name.startswith("triplet") else {}
        loss = _loss(name, **arguments)
        assert distance(loss(labels, longer), loss(labels, rows)) <= 1e-5
        assert (np.abs(value_and_gradient(partial(loss, labels), longer)[1]) < 1e3).all()


def test_cosine_distance_is_half_the_square_of_that_of_unit_rows():
    rows, labels = _rows(8), [0, 0, 1, 1, 2, 2, 0, 1]
    for loss in (TripletAll, TripletHard, TripletSemiHard):
        cosine = loss(margin=0.25, distance="cosine")(labels, rows)
        square = loss(margin=0.5, distance="squared_euclidean", normalize=True)(labels, rows)
        assert distance(2 * as_float64(cosine), as_float64(square)) <= 1e-5


def test_two_views_that_are_one_example():
    for loss in (VICReg(), BarlowTwins()):
        value, gradient = value_and_gradient(partial(loss, [0]), _rows(2)[None])
        assert np.isfinite(value) and np.isfinite(gradient).all()
    alike = np.repeat(_rows(9)[:, None], 2, axis=1)
    correlation = np.corrcoef(alike[:, 0].T)
    expected = 0.25 * (np.square(correlation).sum() - 4)
    assert distance(BarlowTwins(weight=0.25, epsilon=1e-7)(np.zeros(9), alike), expected) <= 1e-5


def test_they_work_by_name_on_batches_of_unknown_size():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for name in ("triplet_semi_hard", "triplet_hard", "TripletAll", "n_pairs", "sup_con", "kzoo/circle"):
        model.compile("sgd", loss=name if name != "TripletAll" else TripletAll())
        losses = model.fit(_rows(11), np.arange(11) % 3, batch_size=4, verbose=0).history["loss"]
        assert np.isfinite(losses).all()


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("contrastive", {"margin": 0}, "margin=0"),
        ("contrastive", {"positive_margin": -1}, "positive_margin=-1"),
        ("lifted_structure", {"positive_margin": -1}, "positive_margin=-1"),
        ("circle", {"gamma": 0}, "gamma=0"),
        ("circle", {"margin": 1.5}, "margin=1.5"),
        ("multi_similarity", {"alpha": 0}, "alpha=0"),
        ("multi_similarity", {"epsilon": -0.1}, "epsilon=-0.1"),
        ("triplet_all", {"margin": -1}, "margin=-1"),
        ("triplet_hard", {"distance": "L2"}, "distance='L2'"),
        ("triplet_semi_hard", {"distance": "angular"}, "one of .*cosine"),
        ("nt_xent", {"temperature": 0}, "temperature=0"),
        ("sup_con", {"temperature": float("nan")}, "temperature=nan"),
        ("vicreg", {"covariance": -1}, "covariance=-1"),
        ("barlow_twins", {"weight": -1}, "weight=-1"),
    ],
)
def test_wrong_arguments(name, arguments, match):
    with pytest.raises(ValueError, match=match):
        kzoo.card("loss", f"kzoo/{name}").load()(**arguments)


@each_of_labels
def test_wrong_shapes(name):
    for labels, rows in (
        (np.zeros(3), np.zeros((3, 2, 2))),
        (np.zeros(4), np.zeros((3, 2))),
        (np.zeros((3, 1, 1)), np.zeros((3, 2))),
    ):
        with pytest.raises(ValueError, match="Expected labels"):
            _loss(name)(labels, rows)


@pytest.mark.parametrize("name", OF_VIEWS)
def test_views_come_in_twos(name):
    for shape in ((3, 4), (3, 3, 4)):
        with pytest.raises(ValueError, match="two views of each example"):
            _loss(name)(np.zeros(3), np.zeros(shape))
