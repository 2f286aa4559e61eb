"""The learning-rate range test: where the answer is known in closed form, and as a verb."""

import contextlib
import json
import math
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import keras
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

import kzoo
from kzoo.build.experiment import build
from kzoo.optimizers import Grouped
from kzoo.problems import KzooError
from kzoo.training.lr_finder import find
from kzoo.training.rate_overrides import overrides_for
from kzoo.training.rates import Rates

QUADRATIC = """\
data: {name: npz, path: data.npz, batch_size: 8, shuffle: false}
model: {layers: [{name: dense, units: 1, use_bias: false, kernel_initializer: {name: constant, value: 3}}]}
compile: {loss: mse, optimizer: OPTIMIZER}
"""


@pytest.fixture
def quadratic(tmp_path):
    """A recipe whose loss is ((factor · w)² + 1) / 2, from w = 3: SGD multiplies w by 1 - factor² · rate."""

    def write(factor=1.0, optimizer="{name: sgd, learning_rate: 0.5}"):
        x, y = (np.tile(each, (8, 1)).astype("float32") for each in ([[factor], [0.0]], [[0.0], [1.0]]))
        np.savez(tmp_path / "data.npz", x=x, y=y, x_test=x, y_test=y)
        (tmp_path / "quadratic.yaml").write_text(QUADRATIC.replace("OPTIMIZER", optimizer))
        return kzoo.load_recipe(tmp_path / "quadratic.yaml")

    return write


@pytest.fixture
def here(command_line, monkeypatch, tmp_path):
    """An empty folder to call the command line in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# What it finds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1.0, 8.0])
def test_a_quadratic_loss(quadratic, factor):
    found = find(quadratic(factor), 1e-4 / factor**2, 100 / factor**2, 120)
    curvature = factor**2
    rates = 1e-4 / factor**2 * (100 / 1e-4) ** (np.arange(len(found.rates)) / 119)
    weights = 3 * np.cumprod([1.0, *(1 - curvature * rates[:-1])])
    losses = ((factor * weights) ** 2 + 1) / 2
    assert found.rates == pytest.approx(rates, rel=1e-9)
    assert found.losses == pytest.approx(losses, rel=1e-3)
    assert found.stopped == "the smoothed loss was more than 4 times its best" and len(rates) < 119

    cut = np.minimum(losses, 4 * np.minimum.accumulate(losses))
    smoothed, shares = (
        gaussian_filter1d(each, 120 / 25, mode="constant") for each in (cut, np.ones(len(cut)))
    )
    assert found.smoothed == pytest.approx(smoothed / shares, rel=1e-3)
    # The weight comes to rest where nothing is left of 3 · exp(-curvature · the sum of the rates so far); it is driven
    # off where the rate is above 2 / curvature.
    assert found.suggestions["steepest_descent"] == pytest.approx(
        rates[np.gradient(losses).argmin()], rel=0.3
    )
    assert 0.05 / curvature < found.suggestions["tenth_of_minimum"] < 0.5 / curvature


def test_it_stops_when_the_loss_has_diverged(quadratic):
    found = find(quadratic(), 0.1, 1e6, 200)
    assert found.stopped and 10 < len(found.losses) < 80
    # Of each step what is known of it then: half of the window, 200 / 25 steps wide.
    known = [
        np.average(found.losses[step::-1], weights=np.exp(-0.5 * (np.arange(step + 1) / 8) ** 2))
        for step in range(len(found.losses))
    ]
    rises = known / np.minimum.accumulate(known)
    assert rises[-1] > 4 and max(rises[:-1]) < 4


def test_a_loss_that_is_no_number_ends_it(quadratic):
    found = find(quadratic(), 0.4, 1e30, 10)
    assert found.stopped and all(map(math.isfinite, found.losses))
    with pytest.raises(FloatingPointError, match="lower rate"):
        find(quadratic(), 1e25, 1e30, 10)


def test_a_loss_that_never_falls_suggests_nothing(quadratic):
    found = find(quadratic(), 1e-12, 1e-11, 20)
    assert found.suggestions == {"steepest_descent": None, "tenth_of_minimum": None}
    assert found.overrides == {} and len(found.losses) == 20 and not found.stopped


def test_the_same_seed_finds_the_same():
    recipe = kzoo.load_recipe("digits_quick")
    one, same = find(recipe, steps=30), find(recipe, steps=30)
    other = find(kzoo.load_recipe("digits_quick", ["seed=1"]), steps=30)
    assert one == same and one.losses != other.losses


def test_short_trainings_go_through_the_data_again(quadratic):
    assert len(find(quadratic(), 1e-4, 1e-3, 25).losses) == 25  # an epoch has two steps


def test_accumulated_gradients_are_one_step(quadratic):
    plain = find(quadratic(), 1e-4, 1e-2, 10)
    recipe = quadratic(optimizer="{name: sgd, gradient_accumulation_steps: 3}")
    assert find(recipe, 1e-4, 1e-2, 10).losses == pytest.approx(plain.losses, rel=1e-5)


@pytest.mark.parametrize("arguments", [(0.0, 1.0, 10), (1.0, 0.1, 10), (1e-3, math.nan, 10), (1e-3, 1.0, 9)])
def test_wrong_arguments(arguments):
    with pytest.raises(KzooError):
        find("digits_quick", *arguments)


# Rates and how a recipe is told them ---------------------------------------------------------------------------------

RATES = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.2, warmup_steps=50)


@pytest.mark.parametrize("usual", [0.2, RATES], ids=["number", "schedule"])
@pytest.mark.parametrize(
    "around", [lambda inner: inner, lambda inner: kzoo.get("optimizer", "lookahead", optimizer=inner)]
)
def test_groups_keep_their_proportion(usual, around):
    groups = [{"match": "head*", "learning_rate": 1.0}, {"match": "neck*", "learning_rate_scale": 0.5}]
    optimizer = around(Grouped(keras.optimizers.SGD(usual), groups=groups))
    weights = [keras.Variable([1.0], name=name) for name in ("body", "head", "neck")]
    optimizer.build(weights)
    rates = Rates(optimizer, 100)
    assert rates.usual == pytest.approx(0.2)
    rates.grow(1e-2, 4e-2, 3)
    for step in (1e-2, 2e-2):
        assert rates.now() == pytest.approx(step)
        before = [float(each.numpy()[0]) for each in weights]
        optimizer.apply([keras.ops.ones((1,))] * 3, weights)
        moved = [one - float(each.numpy()[0]) for one, each in zip(before, weights)]
        assert moved == pytest.approx([step, 5 * step, step / 2], rel=1e-4)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (None, ["={name: rmsprop, learning_rate: 0.003}"]),
        ("adam", [".learning_rate=0.003"]),
        ("{name: adam, learning_rate: 1}", [".learning_rate=0.003"]),
        (
            "{name: adam, learning_rate: {name: warmup_cosine, peak: 2, warmup: 10%}}",
            [".learning_rate.peak=0.003"],
        ),
        (
            "{name: adam, learning_rate: {name: warmup, warmup: 10%, schedule: {name: poly, start: 1}}}",
            [".learning_rate.schedule.start=0.003"],
        ),
        ("{name: adam, learning_rate: {name: noam, model_size: 64, warmup: 10%}}", [".learning_rate=0.003"]),
        ("lookahead", [".optimizer={name: adam, learning_rate: 0.003}"]),
        ("{name: lookahead, optimizer: {name: sgd, learning_rate: 2}}", [".optimizer.learning_rate=0.003"]),
        (
            "{name: adam, learning_rate: 1e-2, groups: [{layer_decay: .9}, {match: '*bias', learning_rate: 0.5}]}",
            [".learning_rate=0.003", ".groups[1].learning_rate=0.15"],
        ),
    ],
)
def test_the_overrides_do_what_was_suggested(optimizer, expected, tmp_path):
    text = "data: digits\nmodel: {name: mlp, hidden: [4]}\ncompile: {loss: sparse_categorical_crossentropy"
    (tmp_path / "recipe.yaml").write_text(text + (f", optimizer: {optimizer}}}\n" if optimizer else "}\n"))

    def built(*overrides):
        experiment = build(kzoo.load_recipe(tmp_path / "recipe.yaml", overrides))
        experiment.model.optimizer.build(experiment.model.trainable_variables)
        return experiment, Rates(experiment.model.optimizer, experiment.known["total_steps"])

    experiment, rates = built()
    overrides = overrides_for(experiment, 0.003, rates.usual)
    assert overrides == [f"compile.optimizer{each}" for each in expected]
    changed = built(*overrides)[1]
    assert changed.usual == pytest.approx(0.003, rel=0.1)
    assert [share for _, share in changed._own] == pytest.approx([share for _, share in rates._own], rel=0.1)


def test_the_schedule_of_a_group_is_moved_in_proportion(tmp_path):
    group = "{match: '*bias', learning_rate: {name: rex, start: 0.1}}"
    (tmp_path / "recipe.yaml").write_text(
        f"data: digits\nmodel: mlp\ncompile: {{loss: mse, optimizer: {{name: adam, groups: [{group}]}}}}\n"
    )
    experiment = build(kzoo.load_recipe(tmp_path / "recipe.yaml"))
    assert overrides_for(experiment, 0.003, 0.001) == [
        "compile.optimizer.learning_rate=0.003",
        "compile.optimizer.groups[0].learning_rate.start=0.3",
    ]


# The verb ------------------------------------------------------------------------------------------------------------


def test_it_prints_suggestions_and_draws(command_line, here):
    status, printed, said = command_line("lr", "digits_quick", "model.hidden=[32]", "--steps", 60)
    assert status == 0, said
    commands = [line.strip() for line in printed.splitlines() if line.startswith("    kzoo train")]
    for line, words in zip(commands, ("where the smoothed loss falls fastest", "a tenth of the rate")):
        before, sign, rate = line.partition("compile.optimizer.learning_rate=")
        assert before == "kzoo train digits_quick 'model.hidden=[32]' " and sign and 1e-4 < float(rate) < 1
        assert f"{rate}  ({words}" in printed
    assert len(commands) == 2
    assert "digits_quick: loss by learning rate" in printed and "┤" in printed and " 1e-5 " in printed
    assert not list(here.iterdir())


def test_json_and_a_picture(command_line, here):
    for done in ("written", "replaced"):
        status, printed, said = command_line("lr", "digits_quick", "--steps", 40, "--svg", "curve.svg")
        assert status == 0 and printed.endswith(f"{done}: curve.svg\n"), said
    first = (here / "curve.svg").read_bytes()
    texts = {each.text for each in ElementTree.fromstring(first).iter("{http://www.w3.org/2000/svg}text")}
    assert {"loss", "smoothed", "steepest descent", "minimum / 10", "learning rate"} <= texts
    status, printed, said = command_line("lr", "digits_quick", "--steps", 40, "--svg", "curve.svg", "--json")
    numbers = json.loads(printed)
    assert status == 0, said
    assert list(numbers) == ["rates", "losses", "smoothed", "suggestions"]
    assert len(numbers["rates"]) == len(numbers["losses"]) == len(numbers["smoothed"]) > 20
    assert list(numbers["suggestions"]) == ["steepest_descent", "tenth_of_minimum"]
    assert [each.name for each in here.iterdir()] == ["curve.svg"]


def test_what_is_wrong_is_said_with_status_2(command_line):
    status, _, said = command_line("lr", "digits_quick", "compile.optimizer=adamv", "fit.epoch=1")
    assert (
        status == 2 and "compile.optimizer=adamv" in said and "2 problems" in said and "Traceback" not in said
    )
    status, printed, _ = command_line("lr", "digits_quick", "model.units=3", "--json")
    assert status == 2 and "units" in json.loads(printed)["problems"][0]["message"]
    status, _, said = command_line("lr", "digits_quick", "--from", 2, "--to", 1)
    assert status == 2 and "from 2 to 1" in said
    status, _, said = command_line("lr", "no_recipe", "--svg", "nowhere/curve.svg")
    assert status == 2 and "no folder" in said  # before anything is trained


def test_a_loss_that_is_no_number_from_the_beginning_fails(command_line):
    status, _, said = command_line(
        "lr", "digits_quick", "compile.optimizer=sgd", "--from", 1e30, "--to", 1e35
    )
    assert status == 1 and "failed: the loss was" in said and "Traceback" not in said


def test_a_narrow_range_is_drawn_between_its_ends(command_line):
    status, printed, said = command_line("lr", "digits_quick", "--from", 2e-3, "--to", 9e-3, "--steps", 20)
    assert status == 0, said
    ticks = printed.splitlines()[-2].split()
    assert ticks == ["0.002", "0.009"] and "still falling" in printed


@pytest.mark.slow
def test_it_can_be_interrupted(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "kzoo", "lr", "digits_quick", "--to", "1e-6", "--steps", "100000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=15)
    for _ in range(5):  # a signal that comes while TensorFlow is imported may be lost in there
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, said = process.communicate(timeout=20)
            break
    assert process.returncode == 130 and "interrupted" in said and "Traceback" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["lr --help", "lr digits_quik", "lr digits_quick seed=x"])
def test_what_needs_no_keras_imports_none(words):
    code = f"""if True:
        import sys
        from kzoo.cli import main
        sys.argv = ["kzoo", *{shlex.split(words)!r}]
        try:
            main()
        except SystemExit as ended:
            assert ended.code == {0 if "help" in words else 2}, ended.code
        loaded = {{"keras", "tensorflow", "jax", "torch", "numpy", "matplotlib"}} & set(sys.modules)
        assert not loaded, loaded
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
