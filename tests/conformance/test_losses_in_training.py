"""Every own loss in `compile`, `fit` and a file: one model with a head for each loss, so that it is compiled once."""

import keras
import numpy as np
import pytest

from .gradients import BACKEND, distance
from .loss_inputs import Inputs
from .own_parts import each_part, make, own_cards
from .references import REFERENCES
from .references.losses import INPUTS
from .training import COMPILED, FEATURES, batch, saved_and_loaded

_CARDS = own_cards("loss")
# On JAX the values and gradients of test_losses.py are compiled already; uncompiled, all losses take half a minute.
_WAYS = COMPILED[-1:] if BACKEND == "jax" else COMPILED


def _inputs(card):
    return INPUTS.get(card.name, Inputs())


def _losses():
    """Each loss with the arguments of its last case, by the name of its head."""
    return {
        card.name: make(card, REFERENCES["loss"][card.name].cases(card.name)[-1].arguments) for card in _CARDS
    }


def _targets(examples):
    return {
        card.name: inputs.make(np.random.default_rng(0), (examples, *inputs.output))[0]
        for card in _CARDS
        for inputs in [_inputs(card)]
    }


def _model():
    """A dense layer of its own for each loss, and what the loss wants behind it."""
    features, heads = keras.Input((FEATURES,)), {}
    for card in _CARDS:
        inputs = _inputs(card)
        x = keras.layers.Dense(int(np.prod(inputs.output)), name=f"dense_{card.name}")(features)
        for layer in (*inputs.head(), keras.layers.Identity(name=card.name)):
            x = layer(x)
        heads[card.name] = x
    model, generator = keras.Model(features, heads), np.random.default_rng(1)
    for card in _CARDS:
        kernel = model.get_layer(f"dense_{card.name}").kernel
        kernel.assign(generator.normal(scale=0.4, size=kernel.shape))
    return model


def _weights(model):
    return {
        card.name: np.concatenate(
            [np.ravel(each) for each in model.get_layer(f"dense_{card.name}").get_weights()]
        )
        for card in _CARDS
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The weights of each head before and after three steps, and each loss before and after a file."""
    features, targets = batch()[0], _targets(len(batch()[0]))
    after = []
    for jit_compile in _WAYS:
        model = _model()
        model.compile(keras.optimizers.SGD(0.01), _losses(), jit_compile=jit_compile)
        for _ in range(3):
            model.train_on_batch(features, targets)
        after.append(_weights(model))
    model = _model()
    # Compiled it was trained already; on TensorFlow this spares a graph of all losses for each of the two.
    model.compile("sgd", _losses(), jit_compile=False, run_eagerly=BACKEND == "tensorflow")
    again = saved_and_loaded(model, tmp_path_factory.mktemp("losses"))
    said = [each.evaluate(features, targets, verbose=0, return_dict=True) for each in (model, again)]
    configs = [{name: loss.get_config() for name, loss in each.loss.items()} for each in (model, again)]
    return _weights(_model()), after, said, configs


@each_part("loss")
def test_training_and_compiling(card, proof, trained):
    before, after, *_ = trained
    start, *ends = (each[card.name] for each in (before, *after))
    assert np.isfinite(ends[0]).all() and distance(ends[0], start) > 0
    assert distance(ends[-1], ends[0]) <= 1e-5
    proof(card, "graph")
    if len(COMPILED) > 1:
        proof(card, "xla")


@each_part("loss")
def test_saving(card, proof, trained):
    *_, said, configs = trained
    one, other = (each[f"{card.name}_loss"] for each in said)
    assert np.isfinite(one) and one == other
    assert configs[0][card.name] == configs[1][card.name]
    proof(card, "save_load")
