"""Rules compiled into one pass give the references' numbers, and are compiled where it pays."""

import contextlib

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.optimizers import fused
from kzoo.optimizers.adabelief import AdaBelief

from .gradients import BACKEND, distance, double_precision
from .own_optimizers import cases, make_optimizer
from .own_parts import own_cards
from .walk import walk

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="the other backends run rules as they are")
IN_ONE_PASS = [card for card in own_cards("optimizer") if getattr(card.load(), "IN_ONE_PASS", False)]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-9)])
@pytest.mark.parametrize("card", IN_ONE_PASS, ids=lambda card: card.name)
def test_trajectories_in_one_pass(card, proof, dtype, tolerance, monkeypatch):
    monkeypatch.setattr(fused, "ENOUGH", 1)
    with double_precision() if dtype == "float64" else contextlib.nullcontext():
        for case in cases(card):
            assert (
                distance(walk(make_optimizer(card, case.arguments), dtype), case.arrays[dtype]) <= tolerance
            )
    proof(card, "in one pass")


def _compiled(shapes, strategy=None):
    """The shapes of weights whose rule a step compiled."""
    with strategy.scope() if strategy else contextlib.nullcontext():
        weights = [keras.Variable(np.ones(shape, "float32")) for shape in shapes]
        optimizer = AdaBelief()
        optimizer.build(weights)
    gradients = [ops.ones(shape) for shape in shapes]
    if strategy:
        strategy.run(optimizer.apply, (gradients, weights))
    else:
        optimizer.apply(gradients, weights)
    return {shape for shape, *_ in optimizer._move._compiled}


def test_many_numbers_of_a_shape_are_worth_it():
    assert _compiled([(64, 64), (63, 64), *[(128,)] * 32, *[(129,)] * 31]) == {(64, 64), (128,)}


def test_weights_in_half_precision_stay_in_it():
    weights = [keras.Variable(np.full((64, 64), 0.3), dtype="bfloat16") for _ in range(2)]
    optimizers = [AdaBelief(0.1, weight_decay=0.1) for _ in weights]
    for optimizer, weight, way in zip(optimizers, weights, (contextlib.nullcontext, fused.rules_apart)):
        with way():
            for _ in range(5):
                optimizer.apply([ops.cast(np.linspace(-1, 1, 4096).reshape(64, 64), "bfloat16")], [weight])
    compiled, apart = (ops.convert_to_numpy(ops.cast(each, "float32")) for each in weights)
    assert weights[0].dtype == "bfloat16" and optimizers[0]._move._compiled
    assert not optimizers[1]._move._compiled
    assert distance(compiled, apart) <= 2**-8  # what bfloat16 rounds to


def test_several_devices_run_rules_as_they_are():
    import tensorflow as tf

    assert _compiled([(64, 64)], tf.distribute.MirroredStrategy(["cpu:0"])) == set()
