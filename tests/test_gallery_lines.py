"""Every line that the gallery offers to copy is true: in recipes, in Python, and as a string in Keras."""

import ast
import json

import keras
import numpy as np
import pytest
import ruamel.yaml

import kzoo
from kzoo.gallery.lines import keras_line, python_line, recipe_line
from kzoo.recipe import load_recipe
from kzoo.registry import KINDS, catalogue
from kzoo.registry.card import Card
from kzoo.registry.kinds import common_arguments

CARDS = [card for kind in KINDS for card in catalogue().cards(kind) if card.package in ("keras", "kzoo")]
NAMES = {card: catalogue().shown_name(card) for card in CARDS}
YAML = ruamel.yaml.YAML(typ="safe", pure=True)
# What the lines of other kinds stand beside.
REST = {
    "data": {"name": "digits", "validation": "10%"},
    "model": {"name": "mlp"},
    "compile": {"loss": "mse"},
}
# Lines that want files or packages which aren't here; their names and arguments are looked at all the same.
NOT_RUN = ("keras/tfsm_layer", "keras/orbax_checkpoint")


def of_kinds(*kinds):
    return [card for card in CARDS if card.kind in kinds]


@pytest.mark.parametrize("kind", KINDS)
def test_recipe_lines_are_right(kind, tmp_path):
    path = tmp_path / "shown.yaml"
    for card in of_kinds(kind):
        text, of_yours = recipe_line(card, NAMES[card])
        if not text:
            continue
        assert not of_yours
        ((section, value),) = YAML.load(text).items()
        beside = {} if kind in ("model", "dataset", "layer") or section == "model" else REST.get(section, {})
        whole = {**REST, section: {**beside, **value} if isinstance(value, dict) else value}
        path.write_text(json.dumps(whole))  # which YAML reads too
        assert NAMES[card].rpartition("/")[2] in text
        load_recipe(path)


def test_what_a_recipe_refuses_has_no_recipe_line():
    without = {card.full_name for card in CARDS if not recipe_line(card, NAMES[card])[0]}
    refused = {card.full_name for card in CARDS if card.refuses_recipes()}
    assert len(refused) > 10 and not without - refused


@pytest.mark.parametrize("kind", KINDS)
def test_python_lines_call_what_the_page_is_about(kind):
    for card in of_kinds(kind):
        call = ast.parse(python_line(card, NAMES[card])[0], mode="eval").body
        assert isinstance(call, ast.Call)
        given = [ast.literal_eval(each) for each in call.args]
        if kind == "model":
            assert ast.unparse(call.func) == "kzoo.create_model"
        else:
            assert ast.unparse(call.func) == "kzoo.get" and given.pop(0) == kind
        (name,) = given
        found = catalogue().find(kind, name)
        assert (found.full_name == card.full_name and not card.rest) or (found.bound and card.rest)
        signature = card.parameters()
        known = {*signature.parameters, *common_arguments(kind, signature.open)}
        arguments = {each.arg for each in call.keywords}
        assert arguments <= known
        assert not signature.missing({*arguments, card.rest, "name"})


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("model", "dataset")])
def test_python_lines_run(kind):
    for card in of_kinds(kind):
        line, of_yours = python_line(card, NAMES[card])
        if of_yours or card.full_name in NOT_RUN:
            assert of_yours == [] or all(each.startswith("my_") for each in of_yours)
            continue
        assert eval(line, {"kzoo": kzoo, "keras": keras}) is not None


@pytest.mark.parametrize("name", ["mlp", "lenet5", "metric_learner"])
def test_python_lines_of_models_run(name):
    line, of_yours = python_line(kzoo.card("model", name), name)
    assert not of_yours and isinstance(eval(line, {"kzoo": kzoo}), keras.Model)


def test_python_lines_of_datasets_run():
    for name in ("digits", "mnist1d"):
        line, _ = python_line(kzoo.card("dataset", name), name)
        assert eval(line, {"kzoo": kzoo}).train


@pytest.mark.parametrize(
    "kind", ["activation", "loss", "optimizer", "metric", "initializer", "regularizer", "constraint"]
)
def test_keras_takes_the_names(kind):
    get = getattr(keras, {"loss": "losses"}.get(kind, f"{kind}s")).get
    tried = 0
    for card in of_kinds(kind):
        line = keras_line(card, NAMES[card])
        if not line:
            continue
        tree = ast.parse(line)
        strings = [
            each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        assert strings == [NAMES[card]]
        assert get(strings[0]) is not None
        tried += 1
    assert tried > 3 or kind == "constraint"


def test_layers_take_what_their_lines_put_into_them():
    inputs = {"dense": (1, 64), "conv2d": (1, 4, 4, 3), "conv1d": (1, 300, 1)}
    for card in of_kinds("activation", "initializer", "regularizer", "constraint"):
        (spec,) = YAML.load(recipe_line(card, NAMES[card])[0])["model"]["layers"]
        layer = kzoo.get("layer", spec)
        assert np.all(np.isfinite(layer(np.ones(inputs[spec["name"]], "float32")))), card.full_name


def plugin_card(**changes):
    return Card(
        **{"kind": "loss", "name": "focal", "package": "acme", "target": "acme.losses:Focal", **changes}
    )


def test_a_plugin_may_not_say_what_its_part_takes():
    assert recipe_line(plugin_card(), "acme/focal") == ("compile:\n  loss: acme/focal", [])
    assert python_line(plugin_card(), "acme/focal") == ('kzoo.get("loss", "acme/focal")', [])
    assert keras_line(plugin_card(), "focal") == 'model.compile(loss="focal")'


def test_what_nothing_is_known_of_is_the_readers_to_fill_in():
    card = plugin_card(signature="sharpness, units, gamma=2.0")
    assert recipe_line(card, "focal") == (
        "compile:\n  loss: {name: focal, units: 64, sharpness: SHARPNESS}",
        ["SHARPNESS"],
    )
    assert python_line(card, "focal") == (
        'kzoo.get("loss", "focal", units=64, sharpness=SHARPNESS)',
        ["SHARPNESS"],
    )
    assert keras_line(card, "focal") == ""


@pytest.mark.parametrize("name", ['x", eval("1"), "', "x}\nrun: {}", "yes", "1e3", "{{ 7 * 7 }}", "été"])
def test_hostile_names_stay_strings(name):
    card = plugin_card(name=name)
    assert YAML.load(recipe_line(card, name)[0]) == {"compile": {"loss": name}}
    call = ast.parse(python_line(card, name)[0], mode="eval").body
    assert [each.value for each in call.args] == ["loss", name] and not call.keywords
