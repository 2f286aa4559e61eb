"""`report.html`: what stands on it, that it asks for nothing, that nothing in a run becomes markup."""

import base64
import html.parser
import io
import json

import numpy as np
import pytest
from PIL import Image
from run_folders import HOSTILE, make_run
from sklearn.metrics import confusion_matrix

from kzoo.recipe import load_recipe
from kzoo.report.confusion import Confusion
from kzoo.report.diagnostics import diagnostic_blocks
from kzoo.report.plot import Line, Plot, decades, ticks
from kzoo.report.predictions import MOST_MISTAKES, Predictions, png
from kzoo.runs import load_run


class Page(html.parser.HTMLParser):
    """A page's elements and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.said = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.said.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.said).split())


def read(path):
    return Page((path / "report.html").read_text())


def test_it_says_what_the_run_came_to(command_line, tmp_path):
    run = make_run(tmp_path)
    status, printed, _ = command_line("report", run)
    assert status == 0 and printed == f"written: {run / 'report.html'}\n"
    text = read(run).text
    for said in (
        *("test accuracy 0.9125", "finished", "4,810", "1 min 15 s", "best validation: 0.35 at epoch 3"),
        "9 of 12 examples of the test part are right (75 %)",
        "kzoo train mine.yaml fit.epochs=3",
        f"kzoo train {run}/resolved.yaml",
        "pip install kzoo==0.1.0 keras==3.15.1",
        "git checkout 0123abcd",
        "layer dense: 61 % of units never fired",
        "steps_per_execution: 1",
        "some-package 1.2",
    ):
        assert said in text, said


def test_it_asks_for_nothing(command_line, tmp_path):
    run = make_run(tmp_path)
    command_line("report", run)
    page = read(run)
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href")
    ]
    assert addresses and all(address.startswith("data:") for address in addresses)
    text = (run / "report.html").read_text()
    assert "url(" not in text and "@import" not in text
    (policy,) = [each["content"] for _, each in page.elements if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:;") and "script-src 'sha256-" in policy


def test_nothing_in_a_run_becomes_markup(command_line, tmp_path):
    run = make_run(tmp_path, hostile=True)
    status, _, said = command_line("report", run)
    assert status == 0, said
    page = read(run)
    assert HOSTILE in page.text  # as text
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 1 and "b1" not in tags and "iframe" not in tags
    assert not [name for _, each in page.elements for name in each if name.startswith("on")]
    names = {each["data-names"] for _, each in page.elements if "data-names" in each}
    assert any(HOSTILE in json.loads(each) for each in names)


def test_an_interrupted_run_is_shown_as_far_as_it_went(command_line, tmp_path):
    run = make_run(tmp_path)
    for name in ("results.json", "predictions.json"):
        (run / name).unlink()
    with (run / "history.csv").open("a") as file:
        file.write("4,0.2,0.")  # cut short by a kill
    assert command_line("report", run)[0] == 0
    text = read(run).text
    assert "interrupted after epoch 3" in text and f"kzoo train --resume {run}" in text
    assert "What was taken for what" not in text and "best validation" in text


def test_a_run_without_one_epoch_has_a_page(command_line, tmp_path):
    run = make_run(tmp_path)
    for name in ("results.json", "predictions.json", "history.csv", "diagnostics.json", "memory.json"):
        (run / name).unlink()
    assert command_line("report", run)[0] == 0
    assert "No epoch was over." in read(run).text


def test_what_is_not_finite_leaves_gaps(command_line, tmp_path):
    run = make_run(tmp_path)
    (run / "history.csv").write_text("epoch,loss,learning_rate,seconds\n1,nan,0.1,1\n2,inf,0.1,1\n")
    assert command_line("report", run)[0] == 0
    page = read(run)
    assert "1 nan 0.1 1 2 inf 0.1 1" in page.text  # the table has them
    assert not [
        each for tag, each in page.elements if tag == "path" and {"nan", "inf"} & set(each["d"].split())
    ]


@pytest.mark.parametrize("name", ["predictions.json", "diagnostics.json", "results.json", "memory.json"])
def test_a_broken_file_is_noted_and_the_rest_is_shown(command_line, tmp_path, name):
    run = make_run(tmp_path)
    (run / name).write_text('{"classes": ["a"')
    assert command_line("report", run)[0] == 0
    page = read(run)
    assert f"{name} can't be read" in page.text and "Recipe" in page.text
    if name == "results.json":
        status, printed, _ = command_line("report", run, "--json")
        assert status == 2 and name in json.loads(printed)["problems"][0]["file"]


def test_predictions_of_another_form_are_noted(command_line, tmp_path):
    run = make_run(tmp_path)
    (run / "predictions.json").write_text('{"classes": ["a", "b"], "confusion": [[0, 7, 1]]}')
    assert command_line("report", run)[0] == 0
    assert "predictions.json can't be shown" in read(run).text


def test_it_is_written_again_but_never_over_something_else(command_line, tmp_path):
    run = make_run(tmp_path)
    assert command_line("report", run)[1].startswith("written:")
    assert command_line("report", run)[1].startswith("replaced:")
    (tmp_path / "thesis.html").write_text("<h1>Mine</h1>")
    status, _, said = command_line("report", run, "--out", "thesis.html")
    assert status == 2 and "is no page of kzoo" in said and "--out" in said
    assert (tmp_path / "thesis.html").read_text() == "<h1>Mine</h1>"
    status, _, said = command_line("report", run, "--out", "nowhere/a.html")
    assert status == 2 and "there is no folder nowhere" in said
    assert command_line("report", run, "--out", "other.html")[0] == 0 and (tmp_path / "other.html").is_file()


def test_json_tells_a_program(command_line, tmp_path):
    run = make_run(tmp_path)
    told = json.loads(command_line("report", run, "--json")[1])
    assert told["page"] == str(run / "report.html") and told["finished"]
    assert told["results"]["test"]["accuracy"] == 0.9125


def test_what_is_no_run_is_refused(command_line, tmp_path):
    status, _, said = command_line("report", tmp_path)
    assert status == 2 and "not a run folder" in said


# Predictions ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers():
    random = np.random.default_rng(0)
    labels = random.integers(0, 5, 301)
    probabilities = random.dirichlet(np.ones(5), 301)
    pictures = random.random((301, 6, 4, 3))
    found = Predictions("test", 400, list("abcde"))
    for begin in range(0, 301, 32):
        batch = slice(begin, begin + 32)
        found.add(pictures[batch], labels[batch], probabilities[batch])
    return labels, probabilities, pictures, found.as_json()


def test_confusions_are_those_that_scikit_learn_counts(answers):
    labels, probabilities, _, kept = answers
    matrix = np.zeros((5, 5), int)
    for true, predicted, count in kept["confusion"]:
        matrix[true, predicted] = count
    assert np.array_equal(matrix, confusion_matrix(labels, probabilities.argmax(1)))
    assert kept["right"] == np.trace(matrix) and (kept["examples"], kept["of"]) == (301, 400)


def test_the_worst_mistakes_are_those_with_the_highest_cross_entropy(answers):
    labels, probabilities, pictures, kept = answers
    entropy = -np.log(probabilities[np.arange(301), labels])
    entropy[probabilities.argmax(1) == labels] = -np.inf
    worst = np.argsort(-entropy)[:MOST_MISTAKES]
    assert [each["index"] for each in kept["mistakes"]] == worst.tolist()
    for each in kept["mistakes"]:
        row = probabilities[each["index"]]
        assert (each["true"], each["predicted"]) == (labels[each["index"]], row.argmax())
        assert (each["probability"], each["probability_of_true"]) == (row.max(), row[each["true"]])
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(each["picture"]))))
        assert np.array_equal(shown, np.rint(pictures[each["index"]] * 255))


def test_recall_and_precision_are_those_of_scikit_learn(answers):
    from sklearn.metrics import precision_recall_fscore_support

    labels, probabilities, _, kept = answers
    precision, recall, _, support = precision_recall_fscore_support(labels, probabilities.argmax(1))
    rows = {row["name"]: row for row in Confusion(kept["classes"], kept["confusion"]).by_class}
    for place, name in enumerate("abcde"):
        expected = (support[place], pytest.approx(recall[place]), pytest.approx(precision[place]))
        assert (rows[name]["count"], rows[name]["recall"], rows[name]["precision"]) == expected


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (np.array([[[0.0], [1.0]], [[0.5], [0.25]]]), [[0, 255], [128, 64]]),
        (np.array([[[0.0], [255.0]], [[128.0], [64.0]]]), [[0, 255], [128, 64]]),
        (np.array([[[-1.0], [1.0]], [[0.0], [np.nan]]]), [[0, 255], [128, 128]]),
        (np.zeros((2, 2, 1)), [[0, 0], [0, 0]]),
    ],
    ids=["unit", "bytes", "centred", "black"],
)
def test_a_picture_is_shown_whatever_its_range(picture, expected):
    assert np.asarray(Image.open(io.BytesIO(png(picture)))).tolist() == expected


def test_large_pictures_are_made_small():
    assert Image.open(io.BytesIO(png(np.random.default_rng(0).random((300, 200, 3))))).size == (43, 64)


def test_many_classes_are_a_picture_of_pixels():
    confusion = Confusion([f"class {index}" for index in range(50)], [[0, 0, 4], [1, 1, 1], [1, 49, 3]])
    assert not confusion.drawn
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(confusion.picture()))))
    assert pixels.shape == (50, 50, 4) and np.count_nonzero(pixels[..., 3]) == 3
    assert pixels[0, 0, 3] == 255 and pixels[1, 49, 3] > pixels[1, 1, 3]


# Diagnostics ---------------------------------------------------------------------------------------------------------

EIGHT = {f"layer_{index}": [0.1, 0.2] for index in range(8)}
SQUARE = [[3, 1], [0, 4]]


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        ({"epochs": [1, 2], "overall": [0.1, 0.2], "by_layer": {"a": [0.1, 0.2]}}, ["plot", "plot"]),
        ({"epochs": [2, 4], "by_layer": EIGHT}, ["heat"]),
        ({"epochs": [1, 2], "accuracy": [0.5, None], "recall": SQUARE, "matrix": [SQUARE, SQUARE],
          "class_names": ["cat", "dog"]}, ["plot", "plot", "matrix"]),
        ({"by_layer": [{"a": 0.1}, {"a": 0.2, "b": 0.3}]}, ["plot"]),
        ([0.1, 0.2, 0.3], ["plot"]),
        ({"batches": 8, "threshold": 0.0}, ["facts"]),
        (SQUARE, ["matrix"]),
        ({"anything": ["else", {"there": [1, "is"]}]}, ["text"]),
        ({}, []),
        (None, []),
        ({"nothing": [None, None]}, ["text"]),
    ],
)  # fmt: skip
def test_diagnostics_are_shown_by_their_shape(value, forms):
    blocks = [block for _, each in diagnostic_blocks({"name": value, "words": ["x"]}) for block in each]
    assert [block.form for block in blocks] == forms


def test_epochs_and_class_names_of_diagnostics_are_used():
    value = {"epochs": [5, 10], "class_names": ["cat", "dog"], "recall": [[0.1, 0.2], [0.3, 0.4]]}
    ((_, (block,)),) = diagnostic_blocks({"confusion_matrix": value})
    assert [(line.name, line.points) for line in block.content.lines] == [
        ("cat", [(5.0, 0.1), (10.0, 0.3)]),
        ("dog", [(5.0, 0.2), (10.0, 0.4)]),
    ]
    ((_, (block,)),) = diagnostic_blocks({"x": {"epochs": [5, 10], "by_layer": EIGHT}})
    assert block.content["epochs"] == ["5", "10"] and len(block.content["rows"]) == 8


# Plots ---------------------------------------------------------------------------------------------------------------


def coordinates(path):
    return [tuple(map(float, pair.split())) for pair in path.replace("M", "L").strip("L").split("L")]


def test_lines_lie_where_their_values_are():
    plot = Plot("loss", [Line("a", [(1, 10.0), (2, 6.0), (3, 5.0)])])
    (drawn,) = plot.drawn()
    first, second, last = coordinates(drawn.path)
    assert first[0] == pytest.approx(plot.left, abs=0.1) and last[0] == pytest.approx(plot.right, abs=0.1)
    assert (first[1] - second[1]) / (second[1] - last[1]) == pytest.approx(4, rel=0.02)
    ys = {label: at for at, label in plot.y_ticks()}
    assert ys["6"] == second[1] and ys["10"] == first[1]
    assert all(plot.top <= at <= plot.bottom for at in ys.values())


def test_values_of_different_magnitude_have_a_logarithmic_axis():
    plot = Plot("rate", [Line("a", [(1, 1e-5), (2, 1e-3), (3, 1e-1)])])
    assert plot.log
    (drawn,) = plot.drawn()
    heights = [y for _, y in coordinates(drawn.path)]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)


def test_a_gap_stays_a_gap_and_a_lone_value_is_a_dot():
    nan = float("nan")
    (drawn,) = Plot("x", [Line("a", [(1, 1.0), (2, nan), (3, 2.0), (4, 3.0), (5, float("inf"))])]).drawn()
    assert drawn.path.count("M") == 1 and len(coordinates(drawn.path)) == 2 and len(drawn.dots) == 1


@pytest.mark.parametrize("low", [0.0, -3.7, 0.9131, 1e-9, 12345.0])
@pytest.mark.parametrize("width", [1e-7, 0.03, 1.0, 47.0, 3e6])
def test_ticks_are_few_evenly_spaced_and_inside(low, width):
    found = [value for value, _ in ticks(low, low + width)]
    assert 2 <= len(found) <= 11
    assert np.allclose(np.diff(found), found[1] - found[0], rtol=1e-3)
    assert low - width * 1e-6 <= found[0] and found[-1] <= low + width * (1 + 1e-6)


def test_decades_of_many_magnitudes_stay_few():
    assert [label for _, label in decades(1e-12, 1e3)][:2] == ["1e-12", "1e-9"]


def test_a_long_training_is_drawn_with_as_many_points_as_can_be_seen():
    plot = Plot("x", [Line("a", [(epoch, epoch % 7) for epoch in range(1, 20_001)])])
    points = coordinates(plot.drawn()[0].path)
    assert len(points) == 1000 and points[0][0] < 60 and points[-1][0] == plot.right


def test_the_report_of_a_shipped_recipe_shows_the_resolved_one(command_line, tmp_path):
    run = make_run(tmp_path, recipe="mnist_cnn")
    command_line("report", run)
    assert load_recipe("mnist_cnn").to_yaml() in "".join(read(run).said)
    assert load_run(run).recipe.name == "mnist_cnn"
