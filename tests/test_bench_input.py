"""`kzoo bench-input`: each stage is measured, the slowest is named, and what to change."""

import json

import pytest
from click.testing import CliRunner

from kzoo.cli import cli
from kzoo.cli.bench_input import lines
from kzoo.training.input_benchmark import InputSpeed, Stage, _rate

RECIPE = """
data:
  name: mnist_5k
  augment: [{name: random_shift, pixels: 2}, {name: random_rotation, factor: 0.1}]
model: {layers: [flatten, {name: dense, units: 10}]}
compile: {loss: {name: sparse_categorical_crossentropy, from_logits: true}}
"""


def test_every_stage_is_measured(tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    done = CliRunner().invoke(
        cli,
        ["bench-input", str(tmp_path / "recipe.yaml"), "--seconds", "0.05", "--json"],
        catch_exceptions=False,
    )
    found = json.loads(done.stdout)
    names = [each["name"] for each in found["stages"]]
    assert names == [
        "gathering batches",
        "augmentation random_shift",
        "augmentation random_rotation",
        "scaling and handing over",
    ]
    rates = [each["examples_per_second"] for each in found["stages"]]
    assert min(rates) > 0 and found["slowest"] == names[rates.index(min(rates))]
    assert found["input_examples_per_second"] > 0 and found["model_examples_per_second"] > 0
    assert sorted(tmp_path.iterdir()) == [tmp_path / "recipe.yaml"]


@pytest.mark.parametrize(
    ("model", "said"),
    [(100.0, "fast enough"), (900.0, "has to wait"), (None, "Slowest is decoding. Do less.")],
)
def test_what_is_said(model, said):
    stages = (Stage("reading", 5000.0), Stage("decoding", 1000.0, "Do less."))
    text = "\n".join(lines(InputSpeed("mine", 32, stages, 800.0, model)))
    assert said in text and "1,000   slowest" in text
    assert ("Do less." in text) == (model != 100.0)


def test_a_rate_is_examples_over_seconds(monkeypatch):
    now = [0.0]

    def steps():
        while True:
            now[0] += 0.25
            yield 10

    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    assert _rate(steps(), 5.0) == pytest.approx(40)


def test_no_seconds_are_an_error(tmp_path):
    import kzoo
    from kzoo.training.input_benchmark import measure_input

    (tmp_path / "recipe.yaml").write_text(RECIPE)
    with pytest.raises(kzoo.problems.KzooError, match="some seconds"):
        measure_input(kzoo.load_recipe(tmp_path / "recipe.yaml"), 0)
