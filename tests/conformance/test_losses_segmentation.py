"""What is special about losses of segmentation that look at classes together, at order, distance or connection."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.losses import MCC, ClDice, DiceCE, GeneralizedDice, HausdorffDT, LovaszHinge, LovaszSoftmax
from kzoo.losses.distance_transform import squared_distances

from .gradients import as_float64, distance, value_and_gradient

OF_CLASSES = [MCC(ignore_index=9), DiceCE(ignore_index=9), GeneralizedDice(ignore_index=9)]
OF_CLASSES.append(LovaszSoftmax(ignore_index=9))


def _by_hand(mask):
    """Every pixel against every other."""
    places = np.argwhere(np.ones(mask.shape))
    far = ((places[:, None] - places[None]) ** 2).sum(axis=-1).astype("float64")
    other = mask.ravel()[:, None] != mask.ravel()[None]
    return np.where(other, far, np.inf).min(axis=1).reshape(mask.shape)


@pytest.mark.parametrize("shape", [(9,), (6, 11), (4, 5, 3)])
def test_distances_are_exact(shape):
    masks = np.random.default_rng(0).uniform(size=(2, *shape, 2)) < 0.25
    masks[(slice(None), *(0 for _ in shape))] = True
    masks[(slice(None), *(-1 for _ in shape))] = False
    found = as_float64(squared_distances(ops.convert_to_tensor(masks)))
    expected = [[_by_hand(masks[b, ..., c]) for c in range(2)] for b in range(2)]
    assert (found == np.moveaxis(np.array(expected), 1, -1)).all()


def test_a_map_without_an_edge_has_no_distances():
    masks = ops.convert_to_tensor(np.stack([np.ones((5, 4)), np.zeros((5, 4))], axis=-1)[None] > 0)
    assert (as_float64(squared_distances(masks)) == 0).all()


def test_the_size_of_pictures_may_be_known_at_run_time_only():
    def loss_of(shape):
        inputs = keras.Input(shape)
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", use_bias=False)(inputs))
        model.set_weights([np.ones((1, 1))])
        model.compile("sgd", loss=HausdorffDT())
        generator = np.random.default_rng(0)
        mask, x = generator.uniform(size=(2, 2, 6, 7, 1)).astype("float32")
        return model.evaluate(x - 0.5, (mask > 0.5).astype("float32"), verbose=0)

    assert loss_of((None, None, 1)) == pytest.approx(loss_of((6, 7, 1)))


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("loss", OF_CLASSES, ids=lambda loss: loss.name)
def test_ignored_pixels_have_no_part(loss, classes):
    generator = np.random.default_rng(0)
    targets, shape = generator.integers(0, max(classes, 2), size=(1, 8)), (1, 8, classes)
    y_pred, kept = generator.uniform(0.1, 0.9, size=shape), [0, 1, 5, 6, 7]
    targets[0, 2:5] = 9
    targets = targets[..., None] if classes == 1 else targets
    value, gradient = value_and_gradient(partial(loss, targets), y_pred)
    assert distance(value, as_float64(loss(targets[:, kept], y_pred[:, kept]))) <= 1e-6
    assert (gradient[0, 2:5] == 0).all() and np.abs(gradient).max() > 0


@pytest.mark.parametrize("loss", [*OF_CLASSES, LovaszHinge(ignore_index=9)], ids=lambda loss: loss.name)
def test_everything_ignored_pulls_nowhere(loss):
    y_pred = np.random.default_rng(0).uniform(0.1, 0.9, size=(2, 8, 3))
    masks = np.full((2, 8, 3) if loss.name == "lovasz_hinge" else (2, 8), 9)
    value, gradient = value_and_gradient(partial(loss, masks), y_pred)
    assert abs(value - (loss.name == "mcc")) <= 1e-6 and (gradient == 0).all()


@pytest.mark.parametrize(
    "loss", [*OF_CLASSES, HausdorffDT(), LovaszSoftmax(from_logits=True)], ids=lambda loss: loss.name
)
def test_class_numbers_a_column_of_them_and_masks_are_the_same(loss):
    generator = np.random.default_rng(0)
    numbers, y_pred = generator.integers(0, 3, size=(2, 4, 5)), generator.uniform(0.1, 0.9, size=(2, 4, 5, 3))
    expected = float(loss(numbers, y_pred))
    assert float(loss(numbers[..., None], y_pred)) == float(loss(np.eye(3)[numbers], y_pred)) == expected
    with pytest.raises(ValueError, match="class numbers"):
        loss(np.zeros((2, 4, 5, 2)), y_pred)
    with pytest.raises(ValueError, match="three axes or more"):
        loss([1], [[0.5, 0.5, 0.0]])


@pytest.mark.parametrize("per_image", [True, False])
def test_an_empty_batch_costs_nothing(per_image):
    nothing = np.zeros((0, 4, 5, 2))
    losses = [MCC(), DiceCE(), GeneralizedDice(), HausdorffDT(), ClDice()]
    losses += [LovaszHinge(per_image=per_image), LovaszSoftmax(per_image=per_image)]
    for loss in losses:
        assert as_float64(loss(nothing, nothing)).sum() == 0


def test_a_perfect_prediction_costs_nothing():
    mask = np.zeros((1, 6, 7, 2))
    mask[:, 2:4, 1:6, 0] = 1
    mask[..., 1] = 1 - mask[..., 0]
    for loss in (MCC(), GeneralizedDice(), HausdorffDT(), LovaszSoftmax(), ClDice()):
        assert abs(float(loss(mask, mask))) <= 1e-5
    for loss in (LovaszHinge(), DiceCE()):
        assert abs(float(loss(mask, 40 * mask - 20))) <= 1e-6


def test_lovasz_of_whole_masks_is_one_minus_intersection_over_union():
    generator = np.random.default_rng(0)
    mask, predicted = (generator.uniform(size=(2, 1, 5, 6, 1)) < 0.5).astype("float64")
    overlap = (mask * predicted).sum() / np.maximum(mask, predicted).sum()
    assert float(LovaszSoftmax()(mask, predicted)) == pytest.approx(1 - overlap, rel=1e-6)


def test_lovasz_of_a_large_picture_keeps_its_digits():
    """A difference of two overlaps would leave no digit at a million pixels: each takes off a millionth."""
    mask = np.zeros((1, 2**20, 1), "float32")
    mask[:, ::2] = 1
    y_pred = np.random.default_rng(0).uniform(size=mask.shape).astype("float32")
    errors = np.abs(mask - y_pred).ravel().astype("float64")
    order = np.argsort(-errors, kind="stable")
    sorted_mask = mask.ravel()[order].astype("float64")
    lost = 1 - (mask.sum() - np.cumsum(sorted_mask)) / (mask.sum() + np.cumsum(1 - sorted_mask))
    assert float(LovaszSoftmax()(mask, y_pred)) == pytest.approx(
        np.dot(errors[order], np.diff(lost, prepend=0)), rel=1e-6
    )


def test_the_background_can_be_left_out():
    generator = np.random.default_rng(0)
    numbers, y_pred = generator.integers(0, 3, size=(1, 5, 6)), generator.uniform(size=(1, 5, 6, 3))
    masks = np.eye(3)[numbers]
    for make in (HausdorffDT, ClDice):
        without = float(make(include_background=False)(masks, y_pred))
        assert without == pytest.approx(float(make()(masks[..., 1:], y_pred[..., 1:])), rel=1e-6)
        with pytest.raises(ValueError, match="With one class"):
            make(include_background=False)(masks[..., :1], y_pred[..., :1])


def test_centre_lines_want_pictures_or_volumes():
    with pytest.raises(ValueError, match="Expected \\(batch, height, width, classes\\)"):
        ClDice()(np.zeros((1, 5, 1)), np.zeros((1, 5, 1)))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: MCC(smooth=0), "smooth=0"),
        (lambda: GeneralizedDice(weighting="cubic"), "weighting='cubic'"),
        (lambda: DiceCE(ce_weight=-1), "ce_weight=-1"),
        (lambda: HausdorffDT(alpha=0), "alpha=0"),
        (lambda: ClDice(iterations=0), "iterations=0"),
        (lambda: ClDice(iterations=1.5), "iterations=1.5"),
    ],
)
def test_wrong_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()
