"""What a training leaves for its report, and that no report ever fails a training."""

import base64
import io
import json
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix

import kzoo
from kzoo.build.experiment import build
from kzoo.problems import KzooWarning
from kzoo.recipe import load_recipe
from kzoo.training import predictions as asked
from kzoo.training.predictions import predictions

pytestmark = pytest.mark.slow

RECIPE = """\
data: {name: NAME, path: data.npz, batch_size: 16, ONE_HOT}
model: {layers: [{name: flatten}, {name: dense, units: UNITS}]}
compile: {loss: LOSS, optimizer: {name: adam, learning_rate: 0.01}, metrics: [METRIC]}
run: {tensorboard: false}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reported")
    return kzoo.train(load_recipe("digits_quick", ["fit.epochs=3"]), runs=folder, verbose=False)


def kept(run):
    return json.loads((run.path / "predictions.json").read_text())


def test_a_training_leaves_a_report(run):
    text = (run.path / "report.html").read_text()
    assert "finished" in text and f"{run.results['test']['accuracy']:.4g}" in text


def test_the_answers_are_the_model_s(run):
    from kzoo.data.digits import digits

    source = digits()
    x, y = source.test.arrays
    outputs = run.model.predict(x.astype("float32") * source.scale, verbose=0)
    answers = np.asarray(keras.ops.softmax(outputs.astype("float64")))
    told = kept(run)
    matrix = np.zeros((10, 10), int)
    for true, predicted, count in told["confusion"]:
        matrix[true, predicted] = count
    assert np.array_equal(matrix, confusion_matrix(y, answers.argmax(1)))
    assert told["split"] == "test" and told["examples"] == told["of"] == 360
    assert told["right"] / 360 == pytest.approx(run.results["test"]["accuracy"], abs=1e-6)
    worst = told["mistakes"][0]
    wrong = np.flatnonzero(answers.argmax(1) != y)
    assert worst["index"] == wrong[answers[wrong, y[wrong]].argmin()]
    assert worst["probability"] == pytest.approx(answers[worst["index"]].max(), abs=1e-5)
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(worst["picture"]))))
    assert np.array_equal(shown, np.rint(x[worst["index"], :, :, 0] * source.scale * 255))


def test_a_report_that_fails_fails_no_training(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(asked, "write_report", fail)
    with pytest.warns(KzooWarning, match="no report: OSError: No space left on device .kzoo report"):
        run = kzoo.train(load_recipe("digits_quick", ["fit.epochs=1"]), runs=tmp_path, verbose=False)
    assert run.finished and not (run.path / "report.html").exists()
    monkeypatch.undo()
    monkeypatch.setattr(asked, "predictions", fail)
    with pytest.warns(KzooWarning, match="no predictions: OSError"):
        asked.leave_report(SimpleNamespace(distribution=SimpleNamespace(hosts=1)), run)
    assert (run.path / "report.html").exists()


def trained(folder, arrays, **words):
    """The predictions of a tiny model that was just built."""
    np.savez(folder / "data.npz", **arrays)
    words = {"NAME": "npz", "ONE_HOT": "shuffle: true", "METRIC": "mae", **words}
    text = RECIPE
    for word, value in words.items():
        text = text.replace(word, value)
    (folder / "recipe.yaml").write_text(text)
    return predictions(build(load_recipe(folder / "recipe.yaml")))


def arrays(classes, count=40):
    random = np.random.default_rng(0)
    x, y = random.random((count, 4, 4, 3), "float32"), random.integers(0, classes, count)
    y[:classes] = range(classes)
    return {"x": x, "y": y, "x_test": x[:10], "y_test": y[:10]}


def test_two_classes_may_have_one_output(tmp_path):
    loss = "{name: binary_crossentropy, from_logits: true}"
    told = trained(tmp_path, arrays(2), UNITS="1", LOSS=loss).as_json()
    assert told["examples"] == 10 and len(told["classes"]) == 2
    assert all(0.5 <= each["probability"] <= 1 for each in told["mistakes"])
    assert all(
        each["probability"] + each["probability_of_true"] == pytest.approx(1) for each in told["mistakes"]
    )


def test_one_hot_targets_name_classes_too(tmp_path):
    loss = "{name: categorical_crossentropy, from_logits: true}"
    told = trained(tmp_path, arrays(3), UNITS="3", LOSS=loss, ONE_HOT="one_hot: true").as_json()
    counted = dict.fromkeys(range(3), 0)
    for true, _, count in told["confusion"]:
        counted[true] += count
    assert list(counted.values()) == np.bincount(arrays(3)["y_test"], minlength=3).tolist()


def test_numbers_are_no_classes(tmp_path):
    data = arrays(3)
    data |= {"y": data["y"] * 0.37, "y_test": data["y_test"] * 0.37}
    assert trained(tmp_path, data, UNITS="1", LOSS="mse") is None


def test_outputs_that_are_no_classes_are_left_alone(tmp_path):
    loss = "{name: triplet_hard}"
    assert trained(tmp_path, arrays(3), UNITS="7", LOSS=loss, METRIC="") is None


def test_several_outputs_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.Model, "predict_on_batch", lambda *_: {"a": 1, "b": 2})
    loss = "{name: sparse_categorical_crossentropy, from_logits: true}"
    assert trained(tmp_path, arrays(3), UNITS="3", LOSS=loss) is None


def test_a_large_part_is_asked_about_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(asked, "_MOST", 4)
    loss = "{name: sparse_categorical_crossentropy, from_logits: true}"
    found = trained(tmp_path, arrays(3), UNITS="3", LOSS=loss)
    told = found.as_json()
    assert (told["examples"], told["of"]) == (4, 10)
    assert {each["index"] for each in told["mistakes"]} <= {0, 2, 5, 7}


def test_the_verb_needs_no_keras(run):
    code = (
        "import sys; from kzoo.cli import main; sys.argv[1:] = ['report', sys.argv[1]]\n"
        "try: main()\n"
        "finally: assert not {'keras', 'tensorflow', 'matplotlib'} & set(sys.modules), 'imported'"
    )
    done = subprocess.run([sys.executable, "-c", code, run.path], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("replaced:"), done.stderr


def test_with_memory_it_has_a_bar_of_it(run):
    page, forecast = run.path / "report.html", run.path / "memory.json"
    before = page.read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "kzoo", "report", run.path, "--memory"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(forecast.read_text())["parts"]["parameters"] > 0
    assert "workspace" in page.read_text(encoding="utf-8") and "workspace" not in before
    forecast.unlink()
