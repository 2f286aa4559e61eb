"""Runs side by side: what their recipes differ in by meaning, and the page about it."""

import json

import pytest
from run_folders import HOSTILE, make_run

from kzoo.problems import KzooError
from kzoo.recipe import load_recipe, shipped_recipes
from kzoo.registry import catalogue
from kzoo.registry.kinds import kind_of_argument
from kzoo.report import compare, write_comparison
from kzoo.report.difference import difference
from kzoo.report.direction import direction
from kzoo.runs import load_run

BASE = {
    "name": "one",
    "seed": 0,
    "data": {"name": "digits", "batch_size": 32, "validation": "10%"},
    "model": {"name": "mlp", "hidden": [64], "activation": "relu"},
    "compile": {"loss": "mse", "optimizer": "adam", "metrics": ["accuracy", "mae"]},
    "fit": {"epochs": 5, "callbacks": ["early_stopping", {"name": "terminate_on_nan"}]},
    "run": {"precision": "float32"},
}


def changed(**sections):
    """The recipe above with some sections' keys changed."""
    new = {**BASE}
    for section, keys in sections.items():
        new[section] = {**BASE[section], **keys} if isinstance(keys, dict) else keys
    return new


@pytest.mark.parametrize(
    "same",
    [
        {"name": "another name"},
        {"seed": 0.0},
        {"compile": {"optimizer": {"name": "adam", "learning_rate": 1e-3}}},
        {"compile": {"optimizer": {"learning_rate": 0.001, "beta_1": 0.9, "name": "Adam"}}},
        {"compile": {"optimizer": {"name": "keras/adam", "weight_decay": None}}},
        {"compile": {"loss": "mean_squared_error"}},
        {"compile": {"loss": {"name": "MSE"}}},
        {"compile": {"metrics": ["mean_absolute_error", "accuracy"]}},
        {"data": {"validation": 0.1, "batch_size": 32.0}},
        {"data": {"validation": "10.0 %"}},
        {"model": {"hidden": [64.0], "activation": {"name": "ReLU"}}},
        {"fit": {"callbacks": ["terminate_on_nan", {"name": "early_stopping", "patience": 0}]}},
        {"run": {"backend": None}},
        dict(reversed(BASE.items())),
    ],
    ids=str,
)
def test_the_same_said_otherwise_is_no_difference(same):
    assert difference([BASE, changed(**same)]) == {}
    assert difference([changed(**same), BASE]) == {}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"seed": 1}, {"seed": [0, 1]}),
        (
            {"compile": {"optimizer": {"name": "adam", "learning_rate": 0.002}}},
            {"compile.optimizer.learning_rate": [0.001, 0.002]},
        ),
        (
            {"compile": {"optimizer": {"name": "adam", "weight_decay": 0.1}}},
            {"compile.optimizer.weight_decay": [None, 0.1]},
        ),
        (  # nothing of what only one of them takes, as long as no recipe gives it
            {"compile": {"optimizer": "sgd"}},
            {"compile.optimizer": ["adam", "sgd"], "compile.optimizer.learning_rate": [0.001, 0.01]},
        ),
        (
            {
                "compile": {
                    "optimizer": {"name": "adam", "learning_rate": {"name": "warmup_cosine", "peak": 0.1}}
                }
            },
            {
                "compile.optimizer.learning_rate": [0.001, "warmup_cosine"],
                "compile.optimizer.learning_rate.peak": [None, 0.1],
            },
        ),
        (
            {"compile": {"metrics": ["accuracy"]}},
            {"compile.metrics.mean_absolute_error": ["mean_absolute_error", None]},
        ),
        ({"data": {"validation": "20%"}}, {"data.validation": ["10%", "20%"]}),
        ({"data": {"validation": 1}}, {"data.validation": ["10%", 1]}),
        ({"data": {"shuffle": 0}}, {"data.shuffle": [None, 0]}),
        ({"model": {"activation": "mish"}}, {"model.activation": ["relu", "mish"]}),
        ({"model": {"hidden": [64, 64]}}, {"model.hidden": [[64], [64, 64]]}),
        (
            {"fit": {"callbacks": ["terminate_on_nan"]}},
            {"fit.callbacks.early_stopping": ["early_stopping", None]},
        ),
        ({"run": {"precision": "float64"}}, {"run.precision": ["float32", "float64"]}),
        (
            {"compile": {"loss": "acme/own", "optimizer": {"name": "acme/opt", "strength": 3}}},
            {
                "compile.loss": ["mean_squared_error", "acme/own"],
                "compile.optimizer": ["adam", "acme/opt"],
                "compile.optimizer.strength": [None, 3],
            },
        ),
    ],
    ids=str,
)
def test_another_meaning_is_a_difference(other, expected):
    found = difference([BASE, changed(**other)])
    assert {key: value for key, value in found.items() if key in expected} == expected
    extra = {key: value for key, value in found.items() if key not in expected}
    assert all(None not in value for value in extra.values()), extra  # defaults that both parts have
    assert not extra or "acme" not in str(other)


def test_true_is_not_1():
    assert difference([changed(data={"shuffle": True}), changed(data={"shuffle": 1})]) == {
        "data.shuffle": [True, 1]
    }


def test_the_order_of_augmentations_and_layers_counts():
    one = changed(data={"augment": ["random_flip", {"name": "random_shift", "pixels": 2}]})
    other = changed(data={"augment": [{"name": "random_shift", "pixels": 2}, "random_flip"]})
    assert "data.augment[0]" in difference([one, other])
    layers = {"layers": [{"name": "dense", "units": 3}, "flatten"]}
    found = difference([{**BASE, "model": layers}, {**BASE, "model": {"layers": layers["layers"][::-1]}}])
    assert found["model.layers[0]"] == ["dense", "flatten"]
    assert found["model.layers[0].units"] == [3, None]


def test_the_same_data_elsewhere_is_no_difference_if_it_is_known_to_be_the_same():
    one, other = (changed(data={"name": "npz", "path": path}) for path in ("/a/x.npz", "/b/x.npz"))
    assert difference([one, other]) == {"data.path": ["/a/x.npz", "/b/x.npz"]}
    assert difference([one, other], same_data=True) == {}


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_shipped_recipe_with_every_default_written_out_is_the_same(name):
    recipe = load_recipe(name, check=False).resolved
    for section, key, kind in (("compile", "optimizer", "optimizer"), ("compile", "loss", "loss")):
        spec = recipe[section].get(key)
        if spec is not None:
            written = {**recipe[section], key: _with_defaults(kind, spec)}
            assert difference([recipe, {**recipe, section: written}]) == {}


def _with_defaults(kind, spec):
    spec = {"name": spec} if isinstance(spec, str) else spec
    parameters = catalogue().find(kind, spec["name"]).parameters().parameters.values()
    return {
        each.name: each.default for each in parameters if not each.required and each.name != "name"
    } | spec


@pytest.mark.parametrize("kind", ["optimizer", "loss"])
def test_one_changed_default_of_any_part_is_the_one_difference(kind):
    for card in catalogue().cards(kind):
        signature = card.parameters()
        for each in signature.parameters.values() if signature else ():
            if type(each.default) is float and not kind_of_argument(each.name, kind):
                name = catalogue().shown_name(card)
                one = {"compile": {kind: name}}
                other = {"compile": {kind: {"name": card.full_name, each.name: each.default + 1}}}
                values = [each.default, each.default + 1]
                assert difference([one, other]) == {f"compile.{kind}.{each.name}": values}, card.full_name
                break


def test_three_recipes_have_three_values():
    recipes = [changed(seed=seed) for seed in (0, 1, 0)]
    assert difference(recipes) == {"seed": [0, 1, 0]}


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def runs(tmp_path):
    """Two runs that ended, and one that didn't."""
    one = make_run(tmp_path, name="digits_quick-20260101-000001")
    two = make_run(
        tmp_path,
        overrides=["compile.optimizer.learning_rate=0.01", "fit.epochs=9"],
        name="digits_quick-20260101-000002",
        losses=(0.9, 0.4, 0.3, 0.25),
        test={"loss": 0.25, "accuracy": 0.95},
        environment={"versions": {"kzoo": "0.1.0", "keras": "3.15.2", "jax": "0.10"}, "backend": "jax"},
    )
    three = make_run(tmp_path, recipe="mnist_cnn", name="mnist_cnn-20260101-000003", losses=(2.0,))
    (three / "results.json").unlink()
    return [load_run(path) for path in (one, two, three)]


def test_only_what_differs_is_told(runs):
    told = compare(runs[:2])
    assert told["recipe"] == {"compile.optimizer.learning_rate": [0.005, 0.01], "fit.epochs": [5, 9]}
    assert told["versions"] == {
        "keras": ["3.15.1", "3.15.2"],
        "some-package": ["1.2", None],
        "jax": [None, "0.10"],
    }
    assert told["environment"] == {"backend": ["tensorflow", "jax"]}
    assert [each["results"]["test"]["accuracy"] for each in told["runs"]] == [0.9125, 0.95]


def test_the_page_marks_what_is_best(runs, tmp_path):
    page = tmp_path / "comparison.html"
    assert write_comparison(runs, page) == "written" and write_comparison(runs, page) == "replaced"
    text = page.read_text()
    assert text.count("class=best") == 3  # accuracy and loss of the test part, loss of the training part
    assert "<td class=best>0.95</td>" in text and "<td class=best>0.25</td>" in text
    assert "interrupted" in text and "compile.optimizer.learning_rate" in text


def test_a_comparison_is_never_written_over_something_else(runs, tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(KzooError, match="is no page of kzoo"):
        write_comparison(runs, tmp_path / "mine.html")


def test_the_verb_compares_several(command_line, runs, tmp_path):
    paths = [run.path for run in runs]
    status, printed, _ = command_line("report", *paths)
    assert status == 0 and printed == "written: comparison.html\n"
    status, printed, _ = command_line("report", *paths[:2], "--json", "--out", "two.html")
    told = json.loads(printed)
    assert status == 0 and told["page"] == "two.html" and (tmp_path / "two.html").is_file()
    assert told["recipe"]["fit.epochs"] == [5, 9] and told["runs"][1]["finished"]
    status, _, said = command_line("report", paths[0], tmp_path / "digits_quick-20260101-000009")
    assert status == 2 and "digits_quick-2026" in said


def test_nothing_in_runs_becomes_markup(tmp_path):
    hostile = make_run(tmp_path, hostile=True, name="hostile-20260101-000001")
    plain = make_run(tmp_path, name="plain-20260101-000002")
    write_comparison([load_run(hostile), load_run(plain)], tmp_path / "c.html")
    text = (tmp_path / "c.html").read_text()
    assert HOSTILE not in text and "<b1>" not in text and text.count("<script") == 1


def test_runs_of_one_name_are_told_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    paths = [make_run(tmp_path / folder) for folder in ("a", "b")]
    names = [each["name"] for each in compare([load_run(path) for path in paths])["runs"]]
    assert names == [str(path) for path in paths]


@pytest.mark.parametrize(
    ("metric", "way"),
    [
        ("loss", "min"),
        ("val_accuracy", "max"),
        ("mean_absolute_error", "min"),
        ("auc", "max"),
        ("dead_units", ""),
    ],
)
def test_which_way_is_better(metric, way):
    assert direction(metric) == way


def test_directions_are_those_that_the_metrics_themselves_state():
    import keras

    for kind in (
        keras.metrics.MeanAbsoluteError,
        keras.metrics.AUC,
        keras.metrics.Precision,
        keras.metrics.MeanIoU,
    ):
        metric = kind(num_classes=2) if kind is keras.metrics.MeanIoU else kind()
        stated = {"up": "max", "down": "min"}[metric._direction]
        assert direction(keras.src.utils.naming.to_snake_case(kind.__name__)) == stated
