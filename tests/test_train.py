"""From a recipe to a run folder, and back from there."""

import csv
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import kzoo
from kzoo.problems import KzooError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return kzoo.train("digits_quick", runs=folder / "runs", verbose=False)


def test_a_run_folder_has_everything(run):
    names = {path.name for path in run.path.iterdir()}
    assert names >= {
        "recipe.yaml",
        "resolved.yaml",
        "environment.json",
        "history.csv",
        "results.json",
        "checkpoints",
        "tensorboard",
        "model.keras",
        "predictions.json",
        "report.html",
    }
    assert run.path.name.startswith("digits_quick-2")
    assert not [name for name in names if name.startswith(".")]


def test_it_learns(run):
    assert run.results["test"]["accuracy"] > 0.9


def test_rematerialized_it_learns_the_same(run, tmp_path):
    again = kzoo.train(kzoo.load_recipe("digits_quick", ["run.remat=true"]), runs=tmp_path, verbose=False)
    assert again.model.call.__module__ == "kzoo.models.rematerialization"
    for left, right in zip(run.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_allclose(right, left, rtol=1e-4, atol=1e-5)


def test_results_are_as_promised(run):
    results = run.results
    assert list(results) == [
        "recipe",
        "run",
        "backend",
        "epochs",
        "parameters",
        "seconds",
        "train",
        "validation",
        "test",
    ]
    assert results["recipe"] == "digits_quick" and results["run"] == run.path.name and results["epochs"] == 5
    assert results["backend"] == keras.backend.backend()
    assert results["parameters"] == run.model.count_params() == 64 * 64 + 64 + 64 * 10 + 10
    assert all(set(results[split]) == {"loss", "accuracy"} for split in ("train", "validation", "test"))


def test_history_has_a_row_an_epoch(run):
    with (run.path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "epoch",
        "accuracy",
        "loss",
        "val_accuracy",
        "val_loss",
        "learning_rate",
        "seconds",
    ]
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert float(rows[-1]["learning_rate"]) == pytest.approx(5e-3)
    assert float(rows[-1]["loss"]) == run.results["train"]["loss"]


def test_the_environment_names_what_took_part(run):
    environment = run.environment
    assert environment["versions"]["keras"] == keras.__version__
    assert {"numpy", "tensorflow", "kzoo"} <= set(environment["versions"])
    assert environment["seed"] == 0 and environment["devices"]


def test_a_run_is_rebuilt_from_its_folder(run):
    again = kzoo.load_run(run.path)
    x = np.random.default_rng(0).random((4, 8, 8, 1), "float32")
    assert np.array_equal(again.model.predict(x, verbose=0), run.model.predict(x, verbose=0))
    assert again.recipe.resolved["model"]["hidden"] == [64]
    assert again.results == run.results


def test_the_resolved_recipe_trains_to_the_same_numbers(run, tmp_path):
    again = kzoo.train(kzoo.load_recipe(run.path / "resolved.yaml"), runs=tmp_path, verbose=False)
    assert again.results["test"] == run.results["test"]
    for one, other in zip(again.model.get_weights(), run.model.get_weights()):
        assert np.array_equal(one, other)


def test_another_seed_gives_another_model(run, tmp_path):
    other = kzoo.train(
        kzoo.load_recipe("digits_quick", ["seed=1", "fit.epochs=1"]), runs=tmp_path, verbose=False
    )
    assert not np.array_equal(other.model.get_weights()[0], run.model.get_weights()[0])


def test_tensorboard_has_logs(run):
    assert list((run.path / "tensorboard").rglob("events.out.tfevents.*"))


# Verbs ---------------------------------------------------------------------------------------------------------------


def test_eval_measures_the_same_again(run, command_line):
    status, printed, _ = command_line("eval", run.path, "--json")
    measured = json.loads(printed)
    assert status == 0
    for split in ("validation", "test"):
        assert measured[split] == pytest.approx(run.results[split], rel=1e-6)


def test_predict_takes_picture_files(run, command_line, tmp_path):
    from kzoo.data.digits import digits

    source = digits()
    x, y = source.test.arrays
    for index in range(8):
        picture = (x[index, :, :, 0].astype("float32") * source.scale * 255).round().astype("uint8")
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    files = [tmp_path / f"{index}.png" for index in range(8)]
    status, printed, said = command_line("predict", run.path, *files, "--json", "--top", 10)
    assert status == 0, said
    predictions = json.loads(printed)
    assert [prediction["file"] for prediction in predictions] == [str(file) for file in files]
    for prediction in predictions:
        probabilities = [each["probability"] for each in prediction["classes"]]
        assert (
            sum(probabilities) == pytest.approx(1, abs=1e-5) and probabilities == sorted(probabilities)[::-1]
        )
    right = [prediction["classes"][0]["class"] == str(label) for prediction, label in zip(predictions, y)]
    assert sum(right) >= 6


def test_predict_refuses_what_is_no_picture(run, command_line, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    status, _, said = command_line("predict", run.path, tmp_path / "note.txt")
    assert status == 2 and "note.txt" in said and "Traceback" not in said
    status, _, said = command_line("predict", run.path, tmp_path / "missing.png")
    assert status == 2 and "missing.png" in said


def test_runs_lists_them(run, command_line):
    status, printed, _ = command_line("runs", "--runs", run.path.parent)
    assert status == 0 and run.path.name in printed
    status, printed, _ = command_line("runs", "--runs", run.path.parent, "--json")
    (listed,) = json.loads(printed)
    assert listed["finished"] and listed["results"] == run.results
    assert "no runs" in command_line("runs", "--runs", "elsewhere")[1]


def test_a_folder_that_is_no_run_is_refused(command_line, tmp_path):
    status, _, said = command_line("eval", tmp_path)
    assert status == 2 and "not a run folder" in said


def test_train_prints_its_result_and_where_the_run_lies(command_line):
    status, printed, said = command_line("train", "digits_quick", "fit.epochs=1", "--runs", "here")
    assert status == 0, said
    last, second = printed.splitlines()[-1], printed.splitlines()[-2]
    assert last.startswith("run: here/digits_quick-") and Path(last[5:]).is_dir()
    assert second.startswith("test: ") and "accuracy" in second
    status, printed, _ = command_line("train", "digits_quick", "fit.epochs=1", "--json")
    assert json.loads(printed)["epochs"] == 1


def test_an_override_that_drops_arguments_says_so(command_line):
    _, printed, _ = command_line("train", "digits_quick", "fit.epochs=1", "compile.optimizer=lion")
    assert "note: compile.optimizer: lion instead of adam; dropped learning_rate" in printed


def test_a_loss_that_is_no_number_ends_with_status_1(command_line):
    status, _, said = command_line(
        "train", "digits_quick", "compile.optimizer={name: sgd, learning_rate: 1e30}"
    )
    assert status == 1 and "the loss is" in said and "learning rate" in said and "Traceback" not in said


# What recipes can say ------------------------------------------------------------------------------------------------

BASE = """\
data: {name: digits, batch_size: 64, DATA}
model: MODEL
compile: {loss: LOSS, optimizer: OPTIMIZER, metrics: [accuracy]}
fit: {epochs: 1, callbacks: CALLBACKS}
run: {tensorboard: false, precision: PRECISION}
"""
DEFAULTS = {
    "DATA": "validation: 100",
    "MODEL": "{name: mlp, hidden: [16]}",
    "LOSS": "{name: sparse_categorical_crossentropy, from_logits: true}",
    "OPTIMIZER": "adam",
    "CALLBACKS": "[]",
    "PRECISION": "float32",
}


@pytest.mark.parametrize(
    "change",
    [
        {"OPTIMIZER": "{name: lookahead, optimizer: {name: radam, learning_rate: 1e-3}, sync_period: 3}"},
        {"OPTIMIZER": "{name: radam, learning_rate: {name: warmup_cosine, peak: 1, warmup: 10%}}"},
        {"OPTIMIZER": "{name: adam, learning_rate: {name: cosine_decay, initial_learning_rate: 1}}"},
        {"OPTIMIZER": "{name: sgd, learning_rate: 1, momentum: 0, global_clipnorm: 1}"},
        {"CALLBACKS": "[dead_units, {name: reduce_lr_on_plateau, patience: 1}]"},
        {"CALLBACKS": "{name: model_checkpoint, filepath: best.keras}"},
        {
            "DATA": "one_hot: true",
            "LOSS": "{name: categorical_crossentropy, from_logits: true, label_smoothing: 0.1}",
        },
        {"DATA": "one_hot: true, augment: [random_shift]", "LOSS": "{name: smooth_l1, beta: 0.5}"},
        {"DATA": "shuffle: false, drop_remainder: true", "CALLBACKS": "early_stopping"},
        {"MODEL": "{name: mlp, hidden: [16], activation: kzoo/swish}"},
        {"MODEL": "{name: mlp, hidden: [16], activation: {name: leaky_relu, negative_slope: 0.1}}"},
        {"MODEL": "{name: mnist_cnn, activation: quick_gelu}"},
        {
            "MODEL": "{layers: [flatten, {name: dense, units: 20}, {name: maxout, units: 5}, {name: dense, units: 10}]}"
        },
        {"MODEL": "{layers: [flatten, {name: dense, units: 10, kernel_initializer: torch_default}]}"},
        {"PRECISION": "mixed_bfloat16"},
    ],
    ids=str,
)
def test_a_recipe_can_say_this(change, tmp_path):
    text = BASE
    for key, value in (DEFAULTS | change).items():
        text = text.replace(key, value)
    (tmp_path / "recipe.yaml").write_text(text)
    run = kzoo.train(tmp_path / "recipe.yaml", runs=tmp_path / "runs", verbose=False)
    assert np.isfinite(run.results["test"]["loss"])
    loaded = kzoo.load_run(run.path).model
    assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), run.model.get_weights()))


def test_a_callback_writes_into_the_run_folder_and_nowhere_else(tmp_path):
    text = BASE
    for key, value in (DEFAULTS | {"CALLBACKS": "{name: csv_logger, filename: log.csv}"}).items():
        text = text.replace(key, value)
    (tmp_path / "recipe.yaml").write_text(text)
    run = kzoo.train(tmp_path / "recipe.yaml", runs=tmp_path / "runs", verbose=False)
    assert (run.path / "log.csv").is_file()
    for outside in ("../log.csv", "/tmp/log.csv"):
        with pytest.raises(KzooError, match="inside the run folder"):
            kzoo.train(
                kzoo.load_recipe(tmp_path / "recipe.yaml", [f"fit.callbacks.filename={outside}"]),
                runs=tmp_path / "runs",
                verbose=False,
            )


def test_a_bare_early_stopping_watches_the_loss_and_says_so(command_line, tmp_path):
    status, printed, _ = command_line(
        "train", "digits_quick", "data.validation=null", "fit.callbacks=early_stopping"
    )
    assert status == 0 and "note: early_stopping watches 'loss': there is no validation data" in printed


def test_a_plugin_file_brings_parts_to_a_recipe(command_line, tmp_path):
    (tmp_path / "my_parts_d.py").write_text(
        "import keras, kzoo\n"
        "@kzoo.register('activation', 'bent')\n"
        "def bent(x):\n"
        "    return keras.ops.where(x > 0, x, 0.3 * x)\n"
    )
    status, _, said = command_line(
        "train", "digits_quick", "model.activation=bent", "fit.epochs=1", "--plugin", "my_parts_d.py"
    )
    assert status == 0, said


def test_a_backend_that_is_not_running_is_refused_in_words():
    other = "jax" if keras.backend.backend() == "tensorflow" else "tensorflow"
    with pytest.raises(KzooError, match=f"KERAS_BACKEND={other}"):
        kzoo.train(kzoo.load_recipe("digits_quick", [f"run.backend={other}"]))


def test_layers_hold_layers(tmp_path):
    text = BASE
    model = "{layers: [{name: reshape, target_shape: [8, 8]}, {name: bidirectional, layer: {name: gru, units: 4}}, "
    for key, value in (DEFAULTS | {"MODEL": model + "{name: dense, units: 10}]}"}).items():
        text = text.replace(key, value)
    (tmp_path / "recipe.yaml").write_text(text)
    run = kzoo.train(tmp_path / "recipe.yaml", runs=tmp_path / "runs", verbose=False)
    assert type(run.model.layers[1]).__name__ == "Bidirectional"
