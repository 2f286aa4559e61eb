"""Schedules inside of schedules: in recipes, where each is told how many steps there are for it."""

import json

import keras
import pytest

import kzoo
from kzoo.build.experiment import build
from kzoo.build.filling import filled
from kzoo.problems import KzooError
from kzoo.recipe.schema import recipe_schema

KNOWN = {"total_steps": 200}
REX = {"name": "rex", "start": 0.1}


def test_what_follows_a_warmup_has_the_steps_that_are_left():
    spec = filled("schedule", {"name": "warmup", "schedule": REX, "warmup": "10%"}, KNOWN)
    assert spec["total_steps"] == 200 and spec["schedule"] == {**REX, "total_steps": 180}
    spec = filled("optimizer", {"name": "sgd", "learning_rate": spec}, KNOWN)
    assert spec["learning_rate"]["schedule"]["total_steps"] == 180
    schedule = kzoo.get("schedule", spec["learning_rate"])
    assert [round(float(schedule(step)), 4) for step in (10, 20, 200)] == [0.05, 0.1, 0.0]
    shorter = {"name": "warmup", "schedule": REX, "warmup": 30, "total_steps": 50}
    assert filled("schedule", shorter, KNOWN)["schedule"]["total_steps"] == 20
    assert filled("schedule", {**shorter, "schedule": 0.1}, KNOWN)["schedule"] == 0.1
    assert (
        "total_steps"
        not in filled("schedule", {"name": "warmup", "schedule": REX, "warmup": 5}, {})["schedule"]
    )


def test_each_of_a_sequence_has_the_steps_up_to_the_next():
    inner = {"name": "warmup", "schedule": REX, "warmup": 10}
    spec = {"name": "sequential", "schedules": [REX, 0.1, inner], "milestones": [20, "50%"]}
    first, second, third = filled("schedule", spec, KNOWN)["schedules"]
    assert first["total_steps"] == 20 and second == 0.1
    assert third["total_steps"] == 100 and third["schedule"]["total_steps"] == 90
    assert kzoo.get("schedule", filled("schedule", spec, KNOWN)).begins == [0, 20, 100]


def _settings(rate):
    return {
        "data": {"name": "digits", "batch_size": 100},
        "model": {"name": "softmax_regression"},
        "compile": {
            "loss": {"name": "sparse_categorical_crossentropy", "from_logits": True},
            "optimizer": {"name": "sgd", "learning_rate": rate},
        },
    }


@pytest.fixture
def recipe(tmp_path):
    """Loads the recipe with a learning rate."""

    def load(rate, **others):
        path = tmp_path / "recipe.yaml"
        settings = _settings(rate)
        settings["compile"] |= others
        path.write_text(json.dumps(settings))
        return kzoo.load_recipe(path)

    return load


def test_a_recipe_with_schedules_inside_is_built_saved_and_loaded(recipe, tmp_path):
    rate = {
        "name": "sequential",
        "schedules": [{"name": "warmup", "schedule": 0.2, "warmup": 2}, {"name": "poly", "start": 0.2}],
        "milestones": ["50%"],
    }
    model = build(recipe(rate)).model
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").optimizer._learning_rate
    held = model.optimizer._learning_rate
    assert held.schedules[1].total_steps == held.total_steps - held.begins[1]
    assert again.get_config() == json.loads(json.dumps(held.get_config()))
    assert float(again(1)) == float(held(1)) == pytest.approx(0.1)


def test_a_recipe_moves_the_momentum_too(recipe):
    cycle = {"name": "one_cycle", "peak": 0.3}
    moved = {"name": "sgdw", "learning_rate": cycle, "momentum_schedule": "one_cycle_momentum"}
    optimizer = build(recipe(cycle, optimizer=moved)).model.optimizer
    assert optimizer.momentum_schedule.total_steps == optimizer._learning_rate.total_steps > 1


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ({"name": "warmup", "schedule": "reks", "warmup": 5}, "unknown schedule 'reks'"),
        ({"name": "warmup", "schedule": {"name": "rex"}, "warmup": 5}, "needs 'start'"),
        ({"name": "warmup", "schedule": [0.1], "warmup": 5}, "schedule is to be a number, got a list"),
        ({"name": "sequential", "schedules": [0.1, "reks"], "milestones": [1]}, "unknown schedule 'reks'"),
        ({"name": "sequential", "schedules": [True, 0.1], "milestones": [1]}, "schedules is to be a number"),
    ],
)
def test_what_is_wrong_inside_is_found_without_building(recipe, rate, message):
    with pytest.raises(KzooError, match=message):
        recipe(rate)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ({"name": "warmup", "schedule": 0.1, "warmup": "x%"}, "`warmup` must be a number of steps"),
        (
            {"name": "sequential", "schedules": [0.1, REX, 0.1], "milestones": [9, 5]},
            "`milestones` must rise",
        ),
        ({"name": "sequential", "schedules": [0.1, REX], "milestones": []}, "`milestones` must rise"),
    ],
)
def test_what_is_wrong_with_the_lengths_is_found_while_building(recipe, rate, message):
    with pytest.raises(KzooError, match=message):
        build(recipe(rate))


def test_the_schema_has_a_list_of_schedules():
    jsonschema = pytest.importorskip("jsonschema")
    rate = {"name": "sequential", "schedules": [0.1, REX], "milestones": [5]}
    jsonschema.validate(_settings(rate), recipe_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_settings({**rate, "schedules": 0.1}), recipe_schema())


def test_a_number_of_steps_stays_a_whole_number():
    assert kzoo.get("schedule", "warmup_cosine", peak=1, total_steps=50, warmup=5).warmup_steps == 5
