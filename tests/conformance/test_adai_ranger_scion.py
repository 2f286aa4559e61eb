"""What Adai, Ranger and Scion promise besides their numbers."""

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.optimizers import Adai, Centralized, Lookahead, RAdam, Ranger, Scion

from .gradients import as_float64, distance
from .walk import walk

GENERATOR = np.random.default_rng(0)


def _moved(optimizer, gradients, **variable):
    weight = keras.Variable(np.zeros(np.shape(gradients[0]), "float32"), **variable)
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient, "float32")], [weight])
    return as_float64(weight)


def test_ranger_is_lookahead_around_centralized_around_radam():
    inside = RAdam(0.02, beta_1=0.9, beta_2=0.9, epsilon=1e-5)
    whole = walk(Ranger(0.02, beta_1=0.9, beta_2=0.9, sync_period=5, slow_step=0.3), "float32")
    assert distance(whole, walk(Lookahead(Centralized(inside), 5, 0.3), "float32")) <= 1e-5


def test_the_inertia_of_adai_is_larger_where_gradients_are_smaller():
    gradients = GENERATOR.normal(size=(50, 3)) * [0.1, 1.0, 10.0]
    optimizer = Adai(0.1)
    _moved(optimizer, gradients)
    kept = as_float64(optimizer._slots[0][2]) ** (1 / 50)
    assert kept[0] > 0.9985 > kept[1] > 0.99 and kept[2] < 0.9


def test_adai_without_any_gradient():
    assert (_moved(Adai(), np.zeros((3, 4))) == 0).all()


def test_scion_moves_a_matrix_by_its_polar_factor():
    gradient = GENERATOR.normal(size=(6, 4))
    moved = -_moved(Scion(1.0, momentum=0.0, scale=2.0), [gradient])
    values = np.linalg.svd(moved, compute_uv=False) / (2 * np.sqrt(4 / 6))
    assert (values > 0.65).all() and (values < 1.25).all()
    left, _, right = np.linalg.svd(gradient, full_matrices=False)
    inside = left.T @ moved @ right.T
    assert distance(inside, np.diag(np.diag(inside))) <= 1e-5


def test_scion_moves_a_convolution_by_a_part_for_each_position():
    gradient = GENERATOR.normal(size=(3, 3, 2, 5))
    moved = -_moved(Scion(1.0, momentum=0.0), [gradient])
    values = np.linalg.svd(moved.reshape(18, 5), compute_uv=False) / (np.sqrt(5 / 2) / 9)
    assert (values > 0.65).all() and (values < 1.25).all()


def test_scion_moves_a_vector_by_its_root_mean_square_and_a_head_by_sign():
    gradient = np.array([3.0, -4.0])
    assert distance(_moved(Scion(0.1, momentum=0.0), [gradient]), -0.1 * gradient / np.sqrt(12.5)) <= 1e-6
    head = Scion(0.1, momentum=0.0, signed=["^head$"], signed_scale=3.0)
    gradient = GENERATOR.normal(size=(4, 2))
    assert distance(_moved(head, [gradient], name="head"), -0.1 * 3 * np.sign(gradient) / 4) <= 1e-6


def test_constrained_weights_stay_within_the_radius():
    places = _moved(Scion(0.3, momentum=0.0, scale=2.0, constrained=True), GENERATOR.normal(size=(40, 3)))
    assert np.sqrt((places**2).mean()) <= 2.0


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (Adai, {"beta_0": 0.0}),
        (Adai, {"epsilon": 1.0}),
        (Ranger, {"sync_period": 0}),
        (Ranger, {"slow_step": 0.0}),
        (Scion, {"scale": 0.0}),
        (Scion, {"momentum": 1.0}),
        (Scion, {"newton_schulz_steps": 0}),
        (Scion, {"weight_decay": 0.1, "constrained": True}),
    ],
)
def test_wrong_numbers(make, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        make(**arguments)
