"""Reading recipes: places, inheritance, overrides, limits."""

import dataclasses
import json

import jsonschema
import pytest

import kzoo
from kzoo.problems import KzooError
from kzoo.recipe import load_recipe, shipped_recipes
from kzoo.recipe.schema import recipe_schema
from kzoo.recipe.source import read_text

SMALL = """\
data: {name: digits, batch_size: 16}
model: {name: mlp, hidden: [8]}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adam, learning_rate: 1e-2}
  metrics: [accuracy]
fit: {epochs: 2}
"""


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="recipe.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_file


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_are_right(name):
    recipe = load_recipe(name)
    assert recipe.name == name


def test_numbers_are_yaml_1_2():
    plain = read_text(
        "a: 1e-3\nb: 0x10\nc: yes\nd: '1'\ne: 1.\nf: null\ng: .5\nh: true\ni: 2026-01-02\nj: 08", "f"
    ).plain()
    assert plain == {"a": 1e-3, "b": 16, "c": "yes", "d": "1", "e": 1.0, "f": None, "g": 0.5, "h": True,
                     "i": "2026-01-02", "j": plain["j"]}  # fmt: skip


def test_every_key_and_value_knows_its_place():
    tree = read_text("a:\n  b: [1, 22]\n", "f.yaml")
    b = tree.value["a"].value["b"]
    assert (b.key_at.line, b.key_at.column) == (2, 3)
    assert [(each.at.line, each.at.column) for each in b.value] == [(2, 7), (2, 10)]


def test_aliases_are_expanded():
    assert read_text("a: &x {b: 1}\nc: *x", "f").plain() == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_name_defaults_to_the_file_name(write):
    assert load_recipe(write(SMALL, "mine.yaml")).name == "mine"


def test_defaults_are_filled_in(write):
    resolved = load_recipe(write(SMALL)).resolved
    assert resolved["seed"] == 0 and resolved["data"]["shuffle"] is True
    assert resolved["fit"]["callbacks"] == [] and resolved["run"]["precision"] == "float32"


def test_a_resolved_recipe_read_again_is_the_same(write, tmp_path):
    first = load_recipe(write(SMALL))
    again = load_recipe(write(first.to_yaml(), "again.yaml"))
    assert again.resolved == first.resolved


# Short forms ---------------------------------------------------------------------------------------------------------


def test_specs_may_be_written_short(write):
    text = "data: digits\nmodel: mlp\ncompile: {loss: mse, optimizer: adam, metrics: mae}\n"
    text += "fit: {callbacks: early_stopping}"
    resolved = load_recipe(write(text)).resolved
    assert resolved["data"]["name"] == "digits" and resolved["model"] == {"name": "mlp"}
    assert resolved["compile"]["metrics"] == ["mae"] and resolved["fit"]["callbacks"] == ["early_stopping"]


# Overrides -----------------------------------------------------------------------------------------------------------


def test_an_override_changes_one_value(write):
    recipe = load_recipe(write(SMALL), ["compile.optimizer.learning_rate=1e-4", "fit.epochs=7", "seed=3"])
    assert recipe.resolved["compile"]["optimizer"] == {"name": "adam", "learning_rate": 1e-4}
    assert recipe.resolved["fit"]["epochs"] == 7 and recipe.resolved["seed"] == 3


@pytest.mark.parametrize(
    "override", ["compile.optimizer=lion", "compile.optimizer.name=lion", "compile.optimizer={name: lion}"]
)
def test_naming_another_part_drops_the_old_arguments_and_says_so(write, override):
    recipe = load_recipe(write(SMALL), [override])
    assert recipe.resolved["compile"]["optimizer"] in ("lion", {"name": "lion"})
    assert recipe.notes == ("compile.optimizer: lion instead of adam; dropped learning_rate",)


def test_naming_the_same_part_keeps_them(write):
    recipe = load_recipe(write(SMALL), ["compile.optimizer=Adam"])
    assert recipe.resolved["compile"]["optimizer"]["learning_rate"] == 1e-2 and recipe.notes == ()


def test_another_dataset_keeps_how_data_is_fed(write):
    recipe = load_recipe(write(SMALL), ["data=mnist_5k"])
    assert recipe.resolved["data"]["name"] == "mnist_5k" and recipe.resolved["data"]["batch_size"] == 16


def test_overrides_reach_into_lists(write):
    text = SMALL + "  # nothing\n"
    recipe = load_recipe(
        write(text),
        ["data.augment=[random_shift, {name: random_shift, pixels: 1}]", "data.augment[1].pixels=3"],
    )
    assert recipe.resolved["data"]["augment"][1] == {"name": "random_shift", "pixels": 3}
    recipe = load_recipe(write(text), ["compile.metrics=[accuracy, mae]", "compile.metrics.1=mse"])
    assert recipe.resolved["compile"]["metrics"] == ["accuracy", "mse"]


def test_an_argument_can_be_given_to_a_part_written_short(write):
    text = SMALL.replace("{name: adam, learning_rate: 1e-2}", "adam")
    recipe = load_recipe(write(text), ["compile.optimizer.learning_rate=0.5"])
    assert recipe.resolved["compile"]["optimizer"] == {"name": "adam", "learning_rate": 0.5}


# Inheritance ---------------------------------------------------------------------------------------------------------


def test_a_child_changes_its_parent(write):
    write(SMALL, "below/parent.yaml")
    child = write(
        "extends: below/parent.yaml\ncompile: {optimizer: {learning_rate: 0.5}}\nmodel: lenet5\n",
        "child.yaml",
    )
    recipe = load_recipe(child)
    assert recipe.name == "child" and recipe.resolved["model"] == {"name": "lenet5"}
    assert recipe.resolved["compile"]["optimizer"] == {"name": "adam", "learning_rate": 0.5}
    assert [path.name for path, _ in recipe.sources] == ["child.yaml", "parent.yaml"]
    assert "extends" not in recipe.resolved


def test_a_problem_in_the_parent_points_into_the_parent(write):
    write(SMALL.replace("adam", "adamm"), "parent.yaml")
    with pytest.raises(KzooError) as caught:
        load_recipe(write("extends: parent.yaml\n", "child.yaml"))
    (problem,) = caught.value.problems
    assert problem.file.endswith("parent.yaml") and (problem.line, problem.column) == (5, 21)


def test_a_circle_is_refused(write):
    write("extends: b.yaml\n", "a.yaml")
    with pytest.raises(KzooError, match="circle"):
        load_recipe(write("extends: a.yaml\n", "b.yaml"))


def test_paths_are_relative_to_the_file_they_stand_in(write, tmp_path):
    parent = SMALL.replace("{name: digits, batch_size: 16}", "{name: npz, path: data.npz}")
    write(parent, "below/parent.yaml")
    recipe = load_recipe(write("extends: below/parent.yaml\n", "child.yaml"))
    assert recipe.resolved["data"]["path"] == str(tmp_path / "below" / "data.npz")


# Schema --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema():
    return recipe_schema()


def as_plain(path):
    return read_text(path.read_text(), str(path)).plain()


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "smooth_l1" in json.dumps(schema["$defs"]["loss"])


@pytest.mark.parametrize("path", shipped_recipes().values(), ids=lambda path: path.stem)
def test_the_schema_takes_shipped_recipes(schema, path):
    jsonschema.validate(as_plain(path), schema)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "zero"},
        {"data": {"name": "digits", "batchsize": 3}},
        {"compile": {"loss": {"name": "smooth_l1", "bta": 1.0}}},
        {"fit": {"epochs": 0}},
        {"run": {"precision": "float31"}},
        {"unknown": 1},
        {"model": {"layers": []}},
    ],
)
def test_the_schema_refuses_what_check_refuses(schema, change, write):
    plain = as_plain(shipped_recipes()["digits_quick"]) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, schema)
    with pytest.raises(KzooError):
        load_recipe(write(json.dumps(plain)))


def test_places_are_immutable():
    tree = read_text("a: 1", "f")
    with pytest.raises(dataclasses.FrozenInstanceError):
        tree.value["a"].at.line = 3


def test_the_public_face_reads_recipes():
    assert kzoo.load_recipe("digits_quick", ["fit.epochs=1"]).resolved["fit"]["epochs"] == 1


# What has to come from the network, and how many weights the recipe's model then has, moving statistics counted.
FROM_THE_NETWORK = {
    "activation_study_cifar10": 1_727_482,
    "cifar10_linear": 3072 * 10 + 10,
    "cifar10_resnet20": 274_042,
    "cifar10_wrn28_10": 36_497_146,
    "imagenet_resnet50": 25_610_152,
    "imagenet_vit_small": 22_050_664,
}


def test_all_recipes_whose_data_needs_a_network_are_listed():
    shipped = {name: load_recipe(name).resolved["data"]["name"] for name in shipped_recipes()}
    assert {name for name, data in shipped.items() if data.startswith("tfds/")} == set(FROM_THE_NETWORK)


@pytest.mark.parametrize("name", FROM_THE_NETWORK)
def test_recipes_whose_data_needs_a_network_are_kept_true_on_made_up_data(name):
    import tensorflow_datasets as tfds

    from kzoo.build.dry_run import dry_run
    from kzoo.build.experiment import build

    with tfds.testing.mock_data(num_examples=70):
        experiment = build(load_recipe(name))
        dry_run(experiment)
    data = experiment.settings["data"]
    left = 70 % data["batch_size"] and not data["drop_remainder"]
    assert experiment.steps_per_epoch == 70 // data["batch_size"] + left
    assert experiment.model.count_params() == FROM_THE_NETWORK[name]
