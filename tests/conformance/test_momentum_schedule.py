"""A momentum that a schedule moves: torch's one-cycle policy, rate and momentum together."""

import keras
import numpy as np
import pytest

from kzoo.optimizers import SGDW, Momentum, Nesterov
from kzoo.schedules import Constant, Cyclic, OneCycle, OneCycleMomentum

from .golden import arrays
from .gradients import as_float64, distance
from .training import COMPILED, batch, linear_model, saved_and_loaded, trained

STEPS = 25


def _one_cycle(**more):
    cycle = {"learning_rate": OneCycle(0.3, STEPS), "momentum_schedule": OneCycleMomentum(STEPS)}
    return SGDW(**{**cycle, **more})


def _walk(optimizer, steps):
    weight = keras.Variable([1.0, -2.0, 0.5])
    walk = []
    for _ in range(steps):
        optimizer.apply([weight * np.array([1.0, 0.1, 0.01], "float32")], [weight])
        walk.append(as_float64(weight))
    return np.array(walk)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgdw_walks_as_torch_does(nesterov):
    expected = arrays("momentum_schedules")["walk.nesterov" if nesterov else "walk.sgd"]
    assert distance(_walk(_one_cycle(nesterov=nesterov), STEPS), expected) <= 1e-6
    # The momentum's course is seen in the walk.
    still = SGDW(OneCycle(0.3, STEPS), momentum=0.95, nesterov=nesterov)
    assert distance(_walk(still, STEPS), expected) > 1e-3


@pytest.mark.parametrize("optimizer", [Momentum, Nesterov, SGDW])
def test_a_schedule_that_stays_is_that_momentum(optimizer):
    plain = _walk(optimizer(0.1, momentum=0.8), 6)
    for schedule in (Constant(0.8), 0.8):
        assert distance(_walk(optimizer(0.1, momentum_schedule=schedule), 6), plain) <= 1e-6


def test_momentum_and_nesterov_follow_the_schedule():
    moved = Cyclic(0.9, 0.5, up=4)
    for optimizer, ahead in ((Momentum, False), (Nesterov, True)):
        weight, velocity, expected = np.array([1.0, -2.0, 0.5]), 0.0, []
        for step in range(10):
            momentum = 0.9 - 0.4 * (min(step % 8, 8 - step % 8) / 4)
            descent = 0.1 * weight * np.array([1.0, 0.1, 0.01])
            velocity = momentum * velocity - descent
            weight = weight + (momentum * velocity - descent if ahead else velocity)
            expected.append(weight)
        assert distance(_walk(optimizer(0.1, momentum_schedule=moved), 10), np.array(expected)) <= 1e-6


def test_training_saving_and_compiling(tmp_path):
    results = [trained(linear_model, jit, steps=3, optimizer=_one_cycle()) for jit in COMPILED]
    assert distance(results[-1], results[0]) <= 1e-5
    model = linear_model()
    model.compile(_one_cycle(), "mse")
    model.train_on_batch(*batch())
    again = saved_and_loaded(model, tmp_path)
    assert again.optimizer.momentum_schedule.get_config() == model.optimizer.momentum_schedule.get_config()
    for each in (model, again):
        each.train_on_batch(*batch())
    assert distance(again.get_weights()[0], model.get_weights()[0]) <= 1e-7


def test_wrong_arguments():
    with pytest.raises(ValueError, match="momentum_schedule='cyclic'"):
        Momentum(momentum_schedule="cyclic")
    with pytest.raises(ValueError, match=r"low=0.9, high=0.8"):
        OneCycleMomentum(10, low=0.9, high=0.8)
