"""Diagnostics in recipes: what a run folder holds of them, what they say, and that they change nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
from conformance.event_files import events

import kzoo
from kzoo.callbacks import DeadUnits
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.problems import KzooError

ALL = [
    "dead_units",
    "saturation",
    "gradient_norms",
    "weight_histograms",
    "gradient_histograms",
    "activation_images",
    "lr_monitor",
    "confusion_matrix",
]
VALIDATED = round(0.1 * 1437)
RECIPE = """\
name: looked_into
data: {name: digits, batch_size: 64, validation: 10%, augment: [random_shift]}
model: MODEL
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adam, learning_rate: 3e-3}
  metrics: [accuracy]
fit: {epochs: 2, callbacks: CALLBACKS}
run: {tensorboard: false}
"""
LAYERS = """{layers: [{name: conv2d, filters: 4, kernel_size: 3}, flatten, {name: dense, units: 16, activation: relu},
  {name: dropout, rate: 0.3}, {name: dense, units: 16, activation: tanh}, {name: dense, units: 10}]}"""


def recipe(callbacks, model=LAYERS):
    return RECIPE.replace("MODEL", model).replace("CALLBACKS", json.dumps(callbacks))


@pytest.fixture
def trained(tmp_path):
    """Trains the recipe with some callbacks."""

    def train(*what):
        path = tmp_path / "recipe.yaml"
        path.write_text(recipe(*what))
        return kzoo.train(path, runs=tmp_path / "runs", verbose=False)

    return train


def seen(run):
    return json.loads((run.path / "diagnostics.json").read_text())


@pytest.mark.slow
def test_a_run_folder_tells_what_they_saw_and_the_training_is_the_same(trained):
    plain, run = trained([]), trained(ALL)
    assert not (plain.path / "diagnostics.json").exists()
    ours, theirs = run.model.get_weights(), plain.model.get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))
    assert run.results["test"] == plain.results["test"]
    told = seen(run)
    assert set(told) == {*ALL, "words"}
    for name in ALL:
        assert told[name]["epochs"] == ([0, 1, 2] if name == "activation_images" else [1, 2]), name
    assert all(len(shares) == 2 for shares in told["dead_units"]["by_layer"].values())
    assert [len(told[name]["by_layer"]) for name in ("dead_units", "saturation", "gradient_norms")] == [
        1,
        1,
        4,
    ]
    assert np.array(told["confusion_matrix"]["matrix"]).sum(axis=(1, 2)).tolist() == [VALIDATED] * 2
    assert told["confusion_matrix"]["class_names"] == list("0123456789")
    assert {path.name for path in (run.path / "tensorboard").iterdir()} == {"diagnostics"}
    tags = {tag.partition("/")[0] for tag in events(run.path / "tensorboard" / "diagnostics")}
    assert {"input", "weights", "gradients"} < tags
    header = (run.path / "history.csv").read_text().splitlines()[0].split(",")
    assert {"dead_units", "saturation", "gradient_norm", "learning_rate"} < set(header)


@pytest.mark.slow
def test_resumed_they_remember_what_they_saw(trained, monkeypatch):
    from kzoo.training.train import resume

    model = "{name: mnist_cnn, activation: tanh}"  # its layers have names that don't count on from run to run
    whole = trained(ALL, model)
    usual = DeadUnits.on_epoch_end

    def killed(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt
        usual(self, epoch, logs)

    monkeypatch.setattr(DeadUnits, "on_epoch_end", killed)
    with pytest.raises(KeyboardInterrupt, match="--resume") as raised:
        trained(ALL, model)
    monkeypatch.undo()
    run = resume(str(raised.value).rpartition(" ")[2])
    assert seen(run) == seen(whole)
    assert seen(run)["activation_images"]["epochs"] == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_too_high_a_learning_rate_kills_rectifiers_and_not_leaky_ones(activation, tmp_path, capsys):
    """What the study notes say: 40 % of the units can die."""
    overrides = [
        f"model={{name: mlp, hidden: [64, 64], activation: {activation}}}",
        "compile.optimizer={name: adam, learning_rate: 0.1}",
        "fit.epochs=3",
        "fit.callbacks=dead_units",
        "run.tensorboard=false",
    ]
    run = kzoo.train(kzoo.load_recipe("digits_quick", overrides), runs=tmp_path)
    told = seen(run)
    overall = told["dead_units"]["overall"][-1]
    if activation == "relu":
        assert overall > 0.4
        said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: layer ")]
        assert said == [f"note: {sentence}" for sentence in told["words"]]
        assert "% of units never fired in the last epoch; try a lower learning rate or leaky_relu" in said[0]
    else:
        assert overall == 0 and told["words"] == []


def test_a_summary_is_turned_and_turned_back():
    class Made(Diagnostic):
        def about(self):
            return {"measure": "none"}

    made = Made()
    made.records = [
        {"epoch": 1, "overall": 0.5, "by_layer": {"a": 1.0}, "table": [[1, 2], [3, 4]]},
        {"epoch": 2, "overall": float("nan"), "by_layer": {"a": 2.0, "b": 3.0}, "table": [[0, 0], [0, 1]]},
    ]
    summary = json.loads(json.dumps(made.summary(), allow_nan=False))
    assert summary == {
        "epochs": [1, 2],
        "overall": [0.5, None],
        "by_layer": {"a": [1.0, 2.0], "b": [None, 3.0]},
        "table": [[[1, 2], [3, 4]], [[0, 0], [0, 1]]],
        "measure": "none",
    }
    again = Made()
    again.restore(summary, epochs=1)
    assert again.records == made.records[:1]
    again.restore(summary, epochs=2)
    assert again.summary() == summary
    again.restore({}, epochs=2)
    assert again.records == []


def test_what_is_as_in_inference_is_of_validation_data(tmp_path):
    from kzoo.build.experiment import build

    names = ["dead_units", "saturation", "confusion_matrix", "gradient_norms"]
    experiment = build(kzoo.load_recipe("digits_quick", [f"fit.callbacks=[{', '.join(names)}]"]))
    *inference, gradients = [next(iter(each.data)) for each in experiment.callbacks(tmp_path)[: len(names)]]
    expected = next(iter(experiment.whole_batches(experiment.source.validation)))
    for given in inference:
        assert all(np.array_equal(*each) for each in zip(given, expected, strict=True))
    assert not np.array_equal(gradients[0], expected[0])


def test_without_validation_data_the_training_data_is_looked_at_and_that_is_said():
    from kzoo.build.experiment import build

    recipe = kzoo.load_recipe("digits_quick", ["data.validation=null", "fit.callbacks=confusion_matrix"])
    experiment = build(recipe)
    experiment.callbacks(Path("nowhere"))
    assert experiment.notes == ["confusion_matrix looks at the training data: there is no validation data"]


def test_what_a_recipe_looks_for_in_vain_is_a_problem_at_its_place(tmp_path):
    from kzoo.build.dry_run import dry_run
    from kzoo.build.experiment import build

    path = tmp_path / "recipe.yaml"
    looked_for = [
        {"name": "activation_images", "layer": "flaten"},
        {"name": "confusion_matrix", "num_classes": 3},
    ]
    path.write_text(recipe(looked_for))
    with pytest.raises(KzooError) as raised:
        dry_run(build(kzoo.load_recipe(path)))
    first, second = raised.value.problems
    assert "`layer` must be one of the model's" in first.message and "Did you mean 'flatten" in first.message
    assert first.excerpt[first.column - 1 :].startswith('"flaten"')
    assert "how many outputs the model has, 10" in second.message
    assert second.excerpt[second.column - 1 :].startswith("3}")
    with pytest.raises(KzooError, match="inside the run folder"):
        outside = "fit.callbacks={name: weight_histograms, log_dir: ../elsewhere}"
        dry_run(build(kzoo.load_recipe("digits_quick", [outside])))


@pytest.mark.slow
def test_a_training_that_ends_in_no_number_keeps_what_was_seen(tmp_path):
    overrides = [
        "compile.optimizer={name: sgd, learning_rate: 1e30}",
        "fit.callbacks=[weight_histograms, gradient_norms]",
    ]
    with pytest.raises(FloatingPointError, match="What went first"):
        kzoo.train(kzoo.load_recipe("digits_quick", overrides), runs=tmp_path)
    (run,) = tmp_path.iterdir()
    assert "NaN" not in (run / "diagnostics.json").read_text()
