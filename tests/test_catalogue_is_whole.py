"""Every public part of Keras has a card, and every part that a card's text refers to is there."""

import inspect
import re
import sys

import keras
import pytest

from kzoo.keras_plugin import TABLES
from kzoo.registry import KINDS, catalogue

PARTS = {
    "layer": (keras.layers, keras.layers.Layer),
    "loss": (keras.losses, keras.losses.Loss),
    "optimizer": (keras.optimizers, keras.optimizers.Optimizer),
    "schedule": (keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
    "initializer": (keras.initializers, keras.initializers.Initializer),
    "regularizer": (keras.regularizers, keras.regularizers.Regularizer),
    "constraint": (keras.constraints, keras.constraints.Constraint),
    "metric": (keras.metrics, keras.metrics.Metric),
    "callback": (keras.callbacks, keras.callbacks.Callback),
}
# What others derive from or what Keras makes by itself.
NO_PARTS = {keras.callbacks.CallbackList}
NO_NAMES = {"LossFunctionWrapper", "optimizermap"}


@pytest.mark.parametrize("kind", PARTS)
def test_every_public_class_has_a_card(kind):
    module, base = PARTS[kind]
    public = {each for _, each in inspect.getmembers(module, inspect.isclass) if issubclass(each, base)}
    carded = {card.load() for card in catalogue().cards(kind) if card.package == "keras"}
    assert public - {base} - NO_PARTS <= carded


def test_every_activation_has_a_card():
    functions = {each for name, each in inspect.getmembers(keras.activations, inspect.isfunction)}
    plumbing = {getattr(keras.activations, name) for name in ("get", "serialize", "deserialize")}
    carded = {card.load() for card in catalogue().cards("activation") if card.package == "keras"}
    assert functions - plumbing <= carded


@pytest.mark.parametrize("kind", TABLES)
def test_every_string_that_keras_takes_is_a_name_here(kind):
    table = dict(sys.modules[TABLES[kind]].ALL_OBJECTS_DICT)
    bases = {base for _, base in PARTS.values()}
    missing = {name for name, part in table.items() if part not in bases and not catalogue().has(kind, name)}
    assert not missing - NO_NAMES


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_that_a_card_refers_to_is_there(kind):
    for card in catalogue().cards(kind):
        for name in re.findall(r"kzoo/[a-z_0-9]+", f"{card.summary} {card.differs} {card.recipe}"):
            assert any(catalogue().has(each, name) for each in KINDS), f"{card.full_name}: {name}"
