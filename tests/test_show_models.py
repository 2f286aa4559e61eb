"""`kzoo show` of models of pictures: their sizes without building them, and their layers as a tree."""

import json
import math

import click.testing
import pytest

import kzoo
from kzoo.cli.show import command
from kzoo.cli.tree import tree_of
from kzoo.models.cost import multiply_adds_of, parameters_of
from kzoo.problems import KzooError
from kzoo.registry import catalogue
from kzoo.registry.sizes import all_sizes, size_of


def show(*arguments):
    runner = click.testing.CliRunner(env={"COLUMNS": "100"})
    done = runner.invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_size_stages_and_where_weights_come_from():
    printed = show("resnet50")
    assert "25,557,032 parameters, 4.09 G multiply-adds for a picture of 224×224×3" in printed
    assert "stages:      64 at 1/2, 256 at 1/4, 512 at 1/8, 1024 at 1/16, 2048 at 1/32" in printed
    assert 'weights="timm/resnet50.TAG"' in printed
    told = json.loads(show("resnet50", "--json"))
    assert told["parameters"] == 25_557_032 and told["stages"][-1] == [2048, 32]


def test_the_tree_says_blocks_that_are_alike_once():
    printed = show("--tree", "resnet18")
    assert printed.startswith("resnet18  11,699,112")
    assert "conv1  Conv2D → 112×112×64  9,408" in printed
    assert "0 … 1  74,240 each" in printed  # both blocks of the first stage


def test_the_tree_of_an_unknown_model():
    with pytest.raises(KzooError, match="Did you mean"):
        show("--tree", "resnet51")


def test_numbers_in_brackets_are_no_markup():
    import keras

    inputs = keras.Input((2,), name="input")
    model = keras.Model(inputs, keras.layers.Dense(1, name="dense.[bold]")(inputs))
    assert "[bold]" in "".join(str(each.label) for each in tree_of(model).children[1].children).replace(
        "\\", ""
    )


def test_every_model_of_pictures_is_counted():
    cards = [card for card in catalogue().cards("model") if card.package == "kzoo" and card.parameters()]
    pictures = {card.name for card in cards if "features_only" in card.parameters().parameters}
    assert set(all_sizes()) == pictures, "run python tests/sizes.py"


@pytest.mark.parametrize("name", ["test_resnet", "resnet18"])
def test_what_was_counted_is_true(name):
    model = kzoo.create_model(name)
    size = size_of(catalogue().find("model", name))
    assert (
        size["parameters"] == parameters_of(model) == sum(math.prod(w.shape) for w in model.trainable_weights)
    )
    assert size["multiply_adds"] == multiply_adds_of(model)
