"""What is special about losses between pictures, and sums of losses."""

import sys
from functools import partial

import keras
import numpy as np
import pytest

import kzoo
from kzoo.cli import main
from kzoo.losses import MSSSIM, SSIM, DepthMixture, EdgeAwareSmoothness, SmoothL1, WeightedSum
from kzoo.losses.structural_similarity import multi_scale_similarity, structural_similarity
from kzoo.problems import KzooError

from .golden import arrays
from .gradients import as_float64, distance, value_and_gradient


@pytest.mark.parametrize("name", ["default", "odd"])
def test_similarities_are_those_of_tensorflow(name):
    golden = arrays("picture_similarities")
    shape, generator = golden[f"{name}.shape"], np.random.default_rng(len(name))
    y_true = generator.uniform(size=shape).astype("float32")
    y_pred = (0.8 * y_true + 0.2 * generator.uniform(size=shape)).astype("float32")
    assert distance(as_float64(structural_similarity(y_true, y_pred)), golden[f"{name}.ssim"]) <= 1e-5
    assert distance(as_float64(multi_scale_similarity(y_true, y_pred)), golden[f"{name}.ms_ssim"]) <= 1e-5


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0, 255.0])
@pytest.mark.parametrize("loss", [SSIM(), SSIM(padding="same"), MSSSIM(weights=[0.5, 0.5], window_size=5)])
def test_a_constant_picture_is_like_itself(loss, level):
    picture = np.full((1, 12, 12, 1), level, "float32")
    value, gradient = value_and_gradient(partial(loss, picture), picture)
    assert abs(value) <= 1e-6 and (np.abs(gradient) <= 1e-5).all()


def test_a_negative_costs_everything_at_several_scales():
    picture = np.random.default_rng(0).uniform(size=(1, 12, 12, 1))
    value, gradient = value_and_gradient(
        partial(MSSSIM(weights=[0.5, 0.5], window_size=5), picture), 1 - picture
    )
    assert value == 1 and (gradient == 0).all()


def test_pictures_that_hold_no_window_are_refused():
    with pytest.raises(ValueError, match="at least 11 by 11"):
        SSIM()(np.zeros((1, 10, 30, 1)), np.zeros((1, 10, 30, 1)))
    with pytest.raises(ValueError, match="at least 6 by 6"):
        SSIM(padding="same")(np.zeros((1, 5, 30, 1)), np.zeros((1, 5, 30, 1)))
    with pytest.raises(ValueError, match="at least 161 by 161 pixels, for a window of 11 at 5 scales"):
        MSSSIM()(np.zeros((1, 160, 200, 1)), np.zeros((1, 160, 200, 1)))
    with pytest.raises(ValueError, match="of one shape"):
        SSIM()(np.zeros((1, 20, 20, 1)), np.zeros((1, 20, 20, 3)))
    with pytest.raises(ValueError, match="of one shape"):
        SSIM()(np.zeros((20, 20, 1)), np.zeros((20, 20, 1)))


def test_smoothness_wants_a_picture_and_a_map():
    for y_true, y_pred in (
        ((1, 4, 4, 3), (1, 4, 4, 3)),
        ((1, 4, 4, 3), (1, 4, 5, 1)),
        ((4, 4, 3), (4, 4, 1)),
    ):
        with pytest.raises(ValueError, match="pictures"):
            EdgeAwareSmoothness()(np.zeros(y_true), np.zeros(y_pred))


def test_normalized_smoothness_ignores_the_scale():
    generator = np.random.default_rng(0)
    picture, depth = generator.uniform(size=(1, 4, 5, 3)), generator.uniform(1, 2, size=(1, 4, 5, 1))
    loss = EdgeAwareSmoothness(normalize=True)
    assert float(loss(picture, depth)) == pytest.approx(float(loss(picture, 7 * depth)), rel=1e-5)


def test_the_mixture_of_depth_leaves_out_what_was_not_seen():
    y_true = np.random.default_rng(0).uniform(1, 2, size=(1, 12, 12, 1))
    y_true[0, 3:5, 4] = [[0], [-1]]
    y_pred = np.where(y_true > 0, y_true, 9)
    value, gradient = value_and_gradient(partial(DepthMixture(), y_true), y_pred)
    assert abs(value) <= 1e-6 and (np.abs(gradient) <= 1e-6).all()
    with pytest.raises(ValueError, match="Expected maps"):
        DepthMixture()(np.ones((2, 12, 12)), np.ones((2, 12, 12)))


def test_a_sum_takes_means_of_what_its_losses_keep_apart():
    generator = np.random.default_rng(0)
    y_true, y_pred = generator.uniform(size=(2, 3, 12, 12, 1)).astype("float32")[:2]
    each = WeightedSum(["l1", SSIM(), "mse"], weights=[2, 1, 0], reduction=None)(y_true, y_pred)
    expected = 2 * np.abs(y_true - y_pred).mean(axis=(1, 2, 3)) + as_float64(
        SSIM(reduction=None)(y_true, y_pred)
    )
    assert distance(as_float64(each), expected) <= 1e-6
    positions = WeightedSum(["l1", "l2"], reduction=None)(y_true, y_pred)
    assert positions.shape == (3, 12, 12)


def test_a_sum_with_losses_that_have_arguments_goes_through_its_configuration():
    loss = WeightedSum([SSIM(max_val=2.0), "l1", SmoothL1(beta=0.5)], weights=[0.5, 0.25, 1])
    again = WeightedSum.from_config(loss.get_config())
    assert again.losses[0].max_val == 2 and again.get_config() == loss.get_config()
    y_true, y_pred = np.random.default_rng(0).uniform(size=(2, 1, 12, 12, 1))
    assert float(again(y_true, y_pred)) == float(loss(y_true, y_pred))


def test_a_sum_says_what_its_losses_say_of_logits():
    assert WeightedSum(["l1"]).from_logits is None
    assert WeightedSum(["cross_entropy", "l1"]).from_logits is True
    assert WeightedSum([keras.losses.BinaryCrossentropy()]).from_logits is False


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: SSIM(max_val=0), "max_val=0"),
        (lambda: SSIM(window_size=4), "window_size=4"),
        (lambda: SSIM(padding="full"), "padding='full'"),
        (lambda: MSSSIM(weights=[]), "weights="),
        (lambda: MSSSIM(weights=[1, 0]), "weights="),
        (lambda: DepthMixture(depth_weight=-1), "depth_weight=-1"),
        (lambda: WeightedSum([]), "losses="),
        (lambda: WeightedSum("l1"), "losses=l1"),
        (lambda: WeightedSum(["l1"], weights=[1, 2]), "Expected 1 weights"),
        (lambda: WeightedSum(["l1"], weights=[-1]), "weights=-1"),
    ],
)
def test_wrong_arguments(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_a_recipe_writes_losses_inside_a_sum():
    loss = kzoo.get(
        "loss",
        {"name": "weighted_sum", "losses": ["l1", {"name": "ssim", "max_val": 2}], "weights": [1, 0.5]},
    )
    assert isinstance(loss.losses[1], SSIM) and loss.losses[1].max_val == 2
    with pytest.raises(KzooError, match="max_value"):
        kzoo.get("loss", {"name": "weighted_sum", "losses": [{"name": "ssim", "max_value": 2}]})


@pytest.mark.parametrize(
    ("losses", "status", "said"),
    [("[l1, smim]", 2, "sum.yaml:6:43: unknown loss 'smim'"), ("[cross_entropy]", 0, "")],
)
def test_a_recipe_is_checked_inside_a_sum(tmp_path, monkeypatch, capsys, losses, status, said):
    recipe = tmp_path / "sum.yaml"
    start = "name: sum\ndata: digits\nmodel: {name: mlp, hidden: [4]}\ncompile:\n  optimizer: sgd\n"
    recipe.write_text(f"{start}  loss: {{name: weighted_sum, losses: {losses}}}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["kzoo", "check", str(recipe)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == status and said in capsys.readouterr().err
