"""Optimizers that are shown the curvature: `fit` measures it, in closed form where there is one."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.optimizers import AdaHessian, Sophia
from kzoo.optimizers.curvature import signs

from .golden import Golden
from .gradients import as_float64, distance, double_precision
from .own_parts import make, own_cards
from .training import COMPILED, batch, linear_model, saved_and_loaded
from .walk import KEPT, WALK

CARDS = [card for card in own_cards("optimizer") if card.name in ("sophia", "adahessian")]
each_curved = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def _observing(optimizer, dtype):
    """The walk of 200 steps, whose curvature is its slope, told every third of them."""
    fixed = {key: value.astype(dtype) for key, value in WALK.items() if key[-1] in "01"}
    weights = [keras.Variable(fixed[f"start.{i}"], dtype=dtype, name=f"weight_{i}") for i in range(2)]
    kept = []
    for step in range(1, 201):
        gradients = []
        for i, weight in enumerate(weights):
            pull = fixed[f"slope.{i}"] * (as_float64(weight).astype(dtype) - fixed[f"goal.{i}"])
            gradients.append(ops.convert_to_tensor(pull + fixed[f"noise.{i}"][step - 1], dtype))
        if step % 3 == 1:
            optimizer.observe([ops.convert_to_tensor(fixed[f"slope.{i}"]) for i in range(2)], weights)
        else:  # what isn't a number wasn't measured
            optimizer.observe([ops.full(each.shape, float("nan"), dtype) for each in weights], weights)
        optimizer.apply(gradients, weights)
        if step in KEPT:
            kept.append(np.concatenate([as_float64(weight).ravel() for weight in weights]))
    return np.stack(kept)


def _told(card, arguments):
    return make(card, arguments, **({"decay_vectors": True} if "weight_decay" in arguments else {}))


@each_curved
def test_steps_that_know_the_curvature_are_those_of_the_reference(card, proof):
    for case in Golden("optimizers_curved").cases(card.name):
        walked = _observing(_told(card, case.arguments), "float32")
        error = distance(walked, case.arrays["observed_float32"])
        assert error <= 1e-5, case.arguments
        assert distance(walked, case.arrays["float32"]) > 1e-3
        proof(card, "curvature", value_error=error)


@each_curved
def test_such_steps_in_float64(card, proof):
    with double_precision():
        for case in Golden("optimizers_curved").cases(card.name):
            walked = _observing(_told(card, case.arguments), "float64")
            error = distance(walked, case.arrays["observed_float64"])
            assert error <= 1e-9, case.arguments
            proof(card, "curvature_float64", float64_error=error)


def _parabola(optimizer, inputs, targets, **compile_arguments):
    """A linear model after one step on its mean squared error."""
    model = keras.Sequential([keras.Input((inputs.shape[1],)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer, "mse", **compile_arguments)
    model.train_on_batch(inputs, targets)
    return model


def _measured(optimizer):
    """The curvature that an optimizer with one weight was shown last."""
    return as_float64(optimizer._slots[0][-1])[:, 0]


@pytest.mark.parametrize("jit", COMPILED)
def test_a_diagonal_hessian_is_measured_exactly(jit):
    columns = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 5)))[0] * [1.0, 2.0, 3.0, 4.0, 5.0]
    targets = np.ones((16, 1))
    exact = 2 * (columns**2).sum(0) / 16
    optimizer = AdaHessian(0.0)
    _parabola(optimizer, columns, targets, jit_compile=jit)
    assert distance(_measured(optimizer), exact) <= 1e-6
    optimizer = Sophia(0.0, beta_2=0.0)
    _parabola(optimizer, columns, targets, jit_compile=jit)
    assert distance(_measured(optimizer), exact) <= 1e-6


def test_a_full_hessian_is_measured_along_the_draws_of_the_step():
    inputs = np.random.default_rng(0).normal(size=(16, 5))
    hessian = 2 * inputs.T @ inputs / 16
    optimizer, seen = AdaHessian(0.0, seed=7, samples=2), []
    model = _parabola(optimizer, inputs, np.ones((16, 1)))
    for step in range(3):
        draws = [as_float64(signs([(5, 1)], ["float32"], 7, 2 * step + each)[0])[:, 0] for each in range(2)]
        expected = np.mean([z * (hessian @ z) for z in draws], axis=0)
        assert distance(_measured(optimizer), expected) <= 1e-5
        seen.append(expected)
        model.train_on_batch(inputs, np.ones((16, 1)))
    assert distance(seen[0], seen[1]) > 1e-2 and distance(seen[0], np.diag(hessian)) > 1e-3


def test_many_draws_come_near_to_the_diagonal():
    inputs = np.random.default_rng(0).normal(size=(16, 5))
    hessian = 2 * inputs.T @ inputs / 16
    optimizer = AdaHessian(0.0, samples=50)
    _parabola(optimizer, inputs, np.ones((16, 1)))
    spread = np.sqrt((hessian**2).sum(0) - np.diag(hessian) ** 2) / np.sqrt(50)
    assert (np.abs(_measured(optimizer) - np.diag(hessian)) < 4.5 * spread).all()


def test_a_network_is_measured_as_differences_of_gradients_say():
    """Dense, tanh and softmax cross-entropy: twice differentiated on each backend."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(4, "tanh", use_bias=False),
            keras.layers.Dense(3, use_bias=False),
        ]
    )
    generator = np.random.default_rng(3)
    inputs, labels = generator.normal(size=(8, 6)), generator.integers(0, 3, size=8)
    weights = [generator.normal(size=(6, 4)), generator.normal(size=(4, 3))]
    model.set_weights(weights)
    optimizer = AdaHessian(0.0)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.train_on_batch(inputs, labels)

    def slopes(first, second):
        hidden = np.tanh(inputs @ first)
        scores = np.exp(hidden @ second)
        error = (scores / scores.sum(1, keepdims=True) - np.eye(3)[labels]) / 8
        return inputs.T @ (error @ second.T * (1 - hidden**2)), hidden.T @ error

    draws = [as_float64(each) for each in signs([(6, 4), (4, 3)], ["float32"] * 2, 0, 0)]
    ahead, behind = (slopes(*[w + way * 1e-5 * z for w, z in zip(weights, draws)]) for way in (1, -1))
    for slots, z, one, two in zip(optimizer._slots, draws, ahead, behind):
        assert distance(as_float64(slots[-1]), z * (one - two) / 2e-5) <= 1e-5


def test_curvature_is_measured_every_period():
    inputs, targets = batch(16)
    optimizer = Sophia(0.0, beta_2=0.5, period=3)
    model, seen = _parabola(optimizer, inputs, targets), []
    for _ in range(6):
        seen.append(_measured(optimizer).copy())
        model.train_on_batch(inputs, targets)
    changes = [bool((one != two).any()) for one, two in itertools.pairwise(seen)]
    assert changes == [False, False, True, False, False]
    assert (seen[0] != 0).any()


def test_measuring_changes_nothing_else():
    layers = [
        keras.layers.Dense(4),
        keras.layers.BatchNormalization(momentum=0.5),
        keras.layers.Dropout(0.5, seed=3),
    ]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(1)])
    generator = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(np.abs(generator.normal(size=weight.shape)))
    inputs, targets = batch(16)
    start, logs, ends = model.get_weights(), [], []
    for optimizer in (keras.optimizers.SGD(0.0), AdaHessian(0.0)):
        model.set_weights(start)
        model.layers[2].seed_generator.state.assign([3, 0])
        model.compile(optimizer, "mse", metrics=["mae"])
        logs.append(model.train_on_batch(inputs, targets, return_dict=True))
        ends.append([*model.get_weights(), as_float64(model.layers[2].seed_generator.state)])
    assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    assert all(distance(one, other) <= 1e-6 for one, other in zip(*ends))


def test_convolutions_may_share_the_curvature_of_their_positions():
    kernel = keras.Variable(np.ones((3, 3, 2, 4), "float32"))
    optimizer = AdaHessian(average_kernels=True)
    curvature = np.random.default_rng(0).normal(size=kernel.shape)
    optimizer.observe([ops.convert_to_tensor(curvature, "float32")], [kernel])
    kept = as_float64(optimizer._slots[0][-1])
    assert distance(kept, np.broadcast_to(np.abs(curvature).mean((0, 1)), kernel.shape)) <= 1e-6


def test_rows_of_an_embedding_that_are_not_looked_up_have_no_curvature():
    layers = [keras.layers.Embedding(5, 2), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,), dtype="int32"), *layers])
    optimizer = AdaHessian(0.0)
    model.compile(optimizer, "mse")
    model.train_on_batch(np.array([[1, 1, 3], [3, 1, 0]]), np.ones((2, 1)))
    curvature = np.abs(as_float64(optimizer._slots[0][-1])).sum(1)
    assert [bool(each) for each in curvature > 0] == [True, True, False, True, False]


@pytest.mark.parametrize("make", [Sophia, AdaHessian])
def test_half_precision_with_scaled_losses(make):
    keras.utils.set_random_seed(0)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        model.compile(make(0.01), "mse")
        inputs, targets = batch(32)
        losses = [model.train_on_batch(inputs, targets) for _ in range(25)]
        assert losses[-1] < losses[0] and np.isfinite(losses).all()
        assert type(model.optimizer).__name__ == "LossScaleOptimizer"
        assert (as_float64(model.optimizer.inner_optimizer._slots[0][-1]) != 0).any()
    finally:
        keras.config.set_dtype_policy(policy)


def test_training_goes_on_with_the_same_draws(tmp_path):
    model = linear_model()
    model.compile(Sophia(0.01, period=2), "mse")
    for _ in range(3):
        model.train_on_batch(*batch(16))
    again = saved_and_loaded(model, tmp_path)
    for _ in range(4):
        for each in (model, again):
            each.train_on_batch(*batch(16))
    assert all((one == other).all() for one, other in zip(model.get_weights(), again.get_weights()))


def test_wrong_arguments():
    class Custom(keras.Sequential):
        def train_step(self, *arguments):
            return super().train_step(*arguments)

    with pytest.raises(ValueError, match="Custom: call `observe`"):
        Custom([keras.Input((6,)), keras.layers.Dense(1)]).compile("sophia", "mse")
    with pytest.raises(ValueError, match="period=0"):
        Sophia(period=0)
    with pytest.raises(ValueError, match="gamma=0"):
        Sophia(gamma=0)
    with pytest.raises(ValueError, match="hessian_power=2"):
        AdaHessian(hessian_power=2)
    with pytest.raises(ValueError, match="seed=None"):
        AdaHessian(seed=None)
