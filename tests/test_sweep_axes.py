"""Axes of a sweep: how they are written, what is wrong with them, and that none undoes another."""

import json

import jsonschema
import pytest

from kzoo.problems import KzooError
from kzoo.recipe import load_recipe
from kzoo.recipe.axes import as_text, read_axis
from kzoo.recipe.schema import recipe_schema
from kzoo.recipe.source import read_text
from kzoo.sweep.folder import one_text
from kzoo.sweep.plan import make_plan, notes_of, read_plan

RECIPE = """\
name: small
data: {name: digits, batch_size: 64, validation: 10%}
model: {name: mlp, hidden: [8], activation: relu}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adam, learning_rate: 1e-2}
  metrics: [accuracy]
fit: {epochs: 2}
"""


@pytest.fixture
def write(tmp_path):
    def to(text, name="small.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return to


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("seed=0,1,2", ["0", "1", "2"]),
        ("fit.callbacks=[],[early_stopping]", ["[]", "[early_stopping]"]),
        ("model={name: mlp, hidden: [8, 8]},lenet5", ["{name: mlp, hidden: [8, 8]}", "lenet5"]),
        ("data.path='a,b',\"c,d\"", ['"a,b"', '"c,d"']),
        ("data.path=../a,../b", ['"../a"', '"../b"']),
        ("data.validation=10%", ['"10%"']),
        ("run.jit=true, false", ["true", "false"]),
    ],
)
def test_commas_part_values_where_nothing_encloses_them(text, values):
    assert list(read_axis(text).texts) == values


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a.b=1e-4..1e-1:log", (1e-4, 1e-1, True, None, False)),
        ("fit.epochs=5..20", (5, 20, False, None, True)),
        ("fit.epochs=5..20:5", (5, 20, False, 5, True)),
        ("a=-1.5..2:0.5", (-1.5, 2, False, 0.5, False)),
    ],
)
def test_two_numbers_span_what_lies_between(text, span):
    found = read_axis(text).span
    assert (found.first, found.last, found.log, found.step, found.whole) == span
    assert read_axis(f"a={found}").span == found


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("seed=0,1,0", 10, "0 is given twice"),
        ("seed=0,,1", 8, "a value is missing here"),
        ("seed", 1, "an override is to look like KEY=VALUE"),
        ("a=2..1", 3, "spans nothing"),
        ("a=0..1:log", 3, "begins above 0"),
        ("a=1..2:lag", 3, "comes :log or a step"),
        ("a=x,[1", 7, "expected"),
    ],
)
def test_a_wrong_axis_says_where(text, column, message):
    with pytest.raises(KzooError) as caught:
        read_axis(text)
    (problem,) = caught.value.problems
    assert message in problem.message and problem.column == column and problem.excerpt == text


@pytest.mark.parametrize(
    "value",
    [0, 1e-5, 1e16, True, None, "relu", "true", "1", "a, b", "10%", [1, {"name": "x", "y": [0.1]}], ""],
)
def test_a_value_as_text_reads_as_the_same_value(value):
    again = read_text(as_text(value), "text").plain()
    assert again == value and type(again) is type(value)


def test_every_problem_of_every_cell_comes_in_one_pass(write):
    with pytest.raises(KzooError) as caught:
        make_plan(write(RECIPE), ["model.activation=relu,mishh", "seed=0,-1", "fit.epoch=1,2"])
    told = {
        problem.excerpt: (problem.column, problem.message, problem.hint) for problem in caught.value.problems
    }
    assert len(caught.value.problems) == 3
    assert told["model.activation=relu,mishh"][:2] == (23, "unknown activation 'mishh'")
    assert told["seed=0,-1"][0] == 8 and "at least 0" in told["seed=0,-1"][1]
    assert told["fit.epoch=1,2"][0] == 5 and "'epochs'" in told["fit.epoch=1,2"][2]


def test_what_is_wrong_only_together_is_found(write):
    with pytest.raises(KzooError) as caught:
        make_plan(write(RECIPE), ["model.name=mlp,lenet5", "model.hidden=[8],[16]"])
    assert "unknown argument of model 'kzoo/lenet5': 'hidden'" in str(caught.value)


def test_a_part_is_named_before_its_arguments_are_given(write):
    source = write(RECIPE)
    plan, recipe = make_plan(source, ["model.activation=mish,gelu", "model.name=lenet5,nin"])
    assert len(plan.cells) == 4
    for number, (activation, name) in enumerate([("mish", "lenet5"), ("mish", "nin"), ("gelu", "lenet5")]):
        texts = [each.value.plain() for each in plan.cells[number]]
        cell = load_recipe(source, plan.overrides(dict(zip(["model.activation", "model.name"], texts))))
        assert cell.resolved["model"] == {"name": name, "activation": activation}
    assert notes_of(plan, recipe) == [
        "model: lenet5 instead of mlp; dropped hidden, activation",
        "model: nin instead of mlp; dropped hidden, activation",
    ]


def test_whole_numbers_make_a_grid_and_others_a_search(write):
    source = write(RECIPE)
    assert make_plan(source, ["seed=0..4"])[0].size == 5
    with pytest.raises(KzooError, match="--trials N"):
        make_plan(source, ["compile.optimizer.learning_rate=1e-4..1e-1:log"])
    searched, _ = make_plan(source, ["compile.optimizer.learning_rate=1e-4..1e-1:log"], trials=7)
    assert searched.size == 7 and not searched.cells
    with pytest.raises(KzooError, match="100,000,000 cells"):
        make_plan(
            source, ["seed=0..99", "fit.epochs=1..100", "data.batch_size=1..100", "model.hidden[0]=1..100"]
        )


def test_a_search_is_checked_at_its_ends(write):
    with pytest.raises(KzooError, match="epochs is to be at least 1, got 0"):
        make_plan(write(RECIPE), ["fit.epochs=0..5"], trials=3)


def test_one_value_is_an_override(write):
    plan, _ = make_plan(write(RECIPE), ["fit.epochs=1", "seed=0,1"])
    assert plan.fixed == ("fit.epochs=1",) and [axis.key for axis in plan.axes] == ["seed"]
    with pytest.raises(KzooError, match="nothing varies"):
        make_plan(write(RECIPE), ["fit.epochs=1"])


# A recipe that carries its axes --------------------------------------------------------------------------------------

SWEEP = """\
sweep:
  model.activation: [relu, {name: leaky_relu, negative_slope: 0.1}]
  compile.optimizer.learning_rate: 1e-4..1e-1:log
  seed: [0, 1]
"""


def test_a_recipe_carries_axes_that_a_training_ignores(write):
    source = write(RECIPE + SWEEP)
    recipe = load_recipe(source)
    assert "sweep" not in recipe.resolved and "sweep" not in recipe.to_yaml()
    jsonschema.validate(recipe.tree.plain(), recipe_schema())
    plan, _ = make_plan(source, ["fit.epochs=1"], trials=5)
    assert [axis.key for axis in plan.axes] == ["model.activation", "compile.optimizer.learning_rate", "seed"]
    assert plan.axes[0].names == ("relu", "leaky_relu negative_slope=0.1")
    # What the command sets doesn't vary; as soon as it varies something itself, that is all.
    assert [axis.key for axis in make_plan(source, ["seed=3"], trials=5)[0].axes] == [
        "model.activation",
        "compile.optimizer.learning_rate",
    ]
    assert [axis.key for axis in make_plan(source, ["seed=3,4"])[0].axes] == ["seed"]


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("[relu,", "[relu, reluu,", (10, 28), "unknown activation 'reluu'"),
        ("model.activation", "model.activatoin", (10, 3), "'activatoin'"),
        ("seed: [0, 1]", "seed: 3", (12, 9), "seed is to be a list of values"),
        ("seed: [0, 1]", "seed: [0, 1, 0]", (12, 16), "0 is given twice"),
        ("1e-4..1e-1:log", "1e-1..1e-4:log", (11, 36), "spans nothing"),
        ("seed: [0, 1]", "'se ed': [0, 1]", (12, 3), "is not a path of keys"),
    ],
)
def test_wrong_axes_in_a_recipe_are_found_where_they_stand(write, old, new, where, message):
    with pytest.raises(KzooError) as caught:
        load_recipe(write(RECIPE + SWEEP.replace(old, new)))
    (problem,) = caught.value.problems
    assert message in problem.message and (problem.line, problem.column) == where


def test_a_recipe_may_be_overridden_beyond_what_its_axes_fit(write):
    load_recipe(write(RECIPE + "sweep: {model.hidden: [[8], [16]]}\n"), ["model=lenet5"])


def test_a_child_changes_the_axes_of_its_parent(write):
    write(RECIPE + SWEEP, "parent.yaml")
    child = write("extends: parent.yaml\nsweep: {seed: [7, 8, 9]}\n", "child.yaml")
    axes = make_plan(child, [], trials=3)[0].axes
    assert {axis.key: axis.texts for axis in axes}["seed"] == ("7", "8", "9") and len(axes) == 3


# What is kept --------------------------------------------------------------------------------------------------------


def test_a_plan_reads_as_it_was_written(write):
    given = [
        "model.activation=relu,{name: leaky_relu, negative_slope: 0.1}",
        "seed=0,1",
        "data.validation=20%",
    ]
    given.append("compile.optimizer.learning_rate=1e-4..1e-1:log")
    plan, _ = make_plan(write(RECIPE), given, trials=4, prune=True, monitor="val_loss", mode="min")
    again = read_plan(plan.to_yaml(), "sweep.yaml")
    assert again.to_yaml() == plan.to_yaml() and again.same_as(plan) and again.fixed == plan.fixed
    assert [axis.texts for axis in again.axes] == [axis.texts for axis in plan.axes]
    assert again.axes[-1].span == plan.axes[-1].span and (again.trials, again.prune) == (4, True)


def test_the_recipe_of_a_sweep_means_the_same_elsewhere(write, tmp_path):
    parent = RECIPE.replace("{name: digits, ", "{name: npz, path: data.npz, ").replace("name: small\n", "")
    write(parent, "below/parent.yaml")
    recipe = load_recipe(write("# Mine.\nextends: below/parent.yaml\nseed: 3\n", "child.yaml"))
    (tmp_path / "elsewhere").mkdir()
    again = load_recipe(write(one_text(recipe), "elsewhere/child.yaml"))
    assert again.resolved == recipe.resolved and again.sources[0][1] != recipe.sources[0][1]
    plain = load_recipe(write("# Mine.\n" + RECIPE))
    assert one_text(plain) == "# Mine.\n" + RECIPE
    assert json.dumps(again.resolved)
