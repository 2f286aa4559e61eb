"""Optimizers that average: `fit` evaluates and saves at the average, and goes on from the raw weights."""

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.optimizers import EMA, SAM, SWA, Grouped, Lookahead, ScheduleFreeSGD
from kzoo.problems import KzooError

from .golden import Golden
from .gradients import as_float64, distance, double_precision
from .own_parts import make, own_cards
from .training import COMPILED, batch, linear_model, saved_and_loaded
from .walk import KEPT, WALK

CARDS = [card for card in own_cards("optimizer") if card.name in ("swa", "ema")]
each_average = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def _averages(optimizer, dtype):
    """Where the average is at the steps that are kept, on the walk of 200 steps."""
    fixed = {key: value.astype(dtype) for key, value in WALK.items() if key[-1] in "01"}
    weights = [keras.Variable(fixed[f"start.{i}"], dtype=dtype, name=f"weight_{i}") for i in range(2)]
    kept = []
    for step in range(1, 201):
        gradients = []
        for i, weight in enumerate(weights):
            pull = fixed[f"slope.{i}"] * (as_float64(weight).astype(dtype) - fixed[f"goal.{i}"])
            gradients.append(ops.convert_to_tensor(pull + fixed[f"noise.{i}"][step - 1], dtype))
        optimizer.apply(gradients, weights)
        if step in KEPT:
            raw = [as_float64(each).copy() for each in weights]
            optimizer.to_average(weights)
            optimizer.to_average(weights)  # once more is nothing
            kept.append(np.concatenate([as_float64(each).ravel() for each in weights]))
            optimizer.to_raw(weights)
            optimizer.to_raw(weights)
            assert all((one == as_float64(other)).all() for one, other in zip(raw, weights))
    return np.stack(kept)


@each_average
def test_averages_are_those_of_the_reference(card, proof):
    for case in Golden("averages").cases(card.name):
        error = distance(_averages(make(card, case.arguments), "float32"), case.arrays["average_float32"])
        assert error <= 1e-5, case.arguments
        proof(card, "averages", value_error=error)


@each_average
def test_averages_in_float64(card, proof):
    with double_precision():
        for case in Golden("averages").cases(card.name):
            error = distance(_averages(make(card, case.arguments), "float64"), case.arrays["average_float64"])
            assert error <= 1e-9, case.arguments
            proof(card, "averages_float64", float64_error=error)


def _linear(optimizer, **compile_arguments):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.linspace(-1, 1, 6, dtype="float32")[:, None]])
    model.compile(optimizer, "mse", **compile_arguments)
    return model


def _by_hand(inputs, targets, steps):
    """Where SGD(0.1) leaves the weights of the linear model after each step."""
    weight, places = np.linspace(-1, 1, 6)[:, None], []
    for _ in range(steps):
        weight = weight - 0.1 * 2 * inputs.T @ (inputs @ weight - targets) / len(inputs)
        places.append(weight)
    return places


@pytest.mark.parametrize("jit", COMPILED)
def test_fit_leaves_the_model_at_the_average_and_goes_on_from_the_raw_weights(jit):
    inputs, targets = batch(16)
    model = _linear(SWA(keras.optimizers.SGD(0.1), start=3, every=2), jit_compile=jit)
    places = _by_hand(inputs.astype("float64"), targets, 8)
    for step, expected in enumerate(
        [places[0], places[1], places[2], places[2], sum(places[2::2][:2]) / 2], 1
    ):
        model.train_on_batch(inputs, targets)
        assert distance(model.get_weights()[0], expected) <= 1e-6, step
    model.fit(inputs, targets, batch_size=16, epochs=3, verbose=0, shuffle=False)
    expected = (places[2] + places[4] + places[6]) / 3
    assert distance(model.get_weights()[0], expected) <= 1e-6
    losses = [np.mean((inputs @ expected - targets) ** 2)]
    assert model.evaluate(inputs, targets, verbose=0) == pytest.approx(losses[0], rel=1e-5)
    assert distance(model.predict(inputs, verbose=0), inputs @ expected) <= 1e-5
    model.optimizer.to_raw(model.trainable_variables)
    assert distance(model.get_weights()[0], places[7]) <= 1e-6


@pytest.mark.parametrize("make", [lambda: SWA("adam", start=2), lambda: EMA("adam", decay=0.9)])
def test_a_saved_model_is_at_the_average_and_goes_on_from_the_raw_weights(make, tmp_path):
    model = linear_model()
    model.compile(make(), "mse")
    for _ in range(5):
        model.train_on_batch(*batch(16))
    again = saved_and_loaded(model, tmp_path)
    assert all((one == other).all() for one, other in zip(model.get_weights(), again.get_weights()))
    for _ in range(4):
        for each in (model, again):
            each.train_on_batch(*batch(16))
    for one, other in zip(model.optimizer.variables, again.optimizer.variables):
        assert (as_float64(one) == as_float64(other)).all()
    assert all((one == other).all() for one, other in zip(model.get_weights(), again.get_weights()))


def test_the_average_costs_one_number_for_each_weight():
    model = linear_model()
    model.compile(EMA(keras.optimizers.SGD(0.1)), "mse")
    model.optimizer.build(model.trainable_variables)
    sizes = [int(np.prod(each.shape)) for each in model.optimizer.variables if len(each.shape)]
    assert sum(sizes) == model.count_params()


def test_weights_that_are_set_before_the_first_step_count():
    inputs, targets = batch(16)
    model = _linear(EMA(keras.optimizers.SGD(0.0), decay=0.5))
    model.optimizer.build(model.trainable_variables)
    model.set_weights([np.ones((6, 1), "float32")])
    for _ in range(3):
        model.train_on_batch(inputs, targets)
    assert (model.get_weights()[0] == 1).all()


def test_around_sam_whole_steps_are_averaged():
    inputs, targets = batch(16)
    plain = _linear(SAM(keras.optimizers.SGD(0.1), rho=0.5))
    averaged = _linear(SWA(SAM(keras.optimizers.SGD(0.1), rho=0.5)))
    places = []
    for _ in range(4):
        plain.train_on_batch(inputs, targets)
        places.append(plain.get_weights()[0])
        averaged.train_on_batch(inputs, targets)
    assert distance(averaged.get_weights()[0], np.mean(places, axis=0)) <= 1e-6


def test_groups_stand_inside_and_not_around():
    groups = [{"match": "last*", "learning_rate_scale": 0.5}]
    inputs, targets = batch(16)
    model, averaged = linear_model(), linear_model()
    model.compile(Grouped(keras.optimizers.SGD(0.1), groups), "mse")
    averaged.compile(SWA(Grouped(keras.optimizers.SGD(0.1), groups)), "mse")
    places = []
    for _ in range(3):
        model.train_on_batch(inputs, targets)
        averaged.train_on_batch(inputs, targets)
        places.append([each.copy() for each in model.get_weights()])
    for one, *others in zip(averaged.get_weights(), *places):
        assert distance(one, np.mean(others, axis=0)) <= 1e-6
    with pytest.raises(KzooError, match="SWA can't stand inside Grouped"):
        model.compile(Grouped(SWA("sgd"), groups), "mse")
    with pytest.raises(KzooError, match="ScheduleFreeSGD can't stand inside Lookahead"):
        model.compile(Lookahead(ScheduleFreeSGD()), "mse")


def test_in_half_precision_the_average_is_kept_in_float32():
    weight = keras.Variable(np.ones(3), dtype="bfloat16")
    optimizer = EMA(keras.optimizers.SGD(1.0), decay=0.999, warmup=False)
    optimizer.apply([ops.zeros(3, "bfloat16")], [weight])
    for _ in range(300):
        optimizer.to_raw([weight])
        optimizer.apply([ops.zeros(3, "bfloat16")], [weight])
        weight.assign(ops.full((3,), 2.0, "bfloat16"))
        optimizer.to_average([weight])
    assert distance(as_float64(weight), [2 - 0.999**299] * 3) <= 0.01
    optimizer.to_raw([weight])
    assert (as_float64(weight) == 2).all()


def test_half_precision_with_scaled_losses():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = linear_model()
        model.compile(EMA("sgd", decay=0.5), "mse")
        losses = [model.train_on_batch(*batch(16)) for _ in range(25)]
        assert losses[-1] < losses[0] and np.isfinite(losses).all()
        assert type(model.optimizer).__name__ == "LossScaleOptimizer"
        average = model.get_weights()
        model.optimizer.inner_optimizer.to_raw(model.trainable_variables)
        assert any((one != other).any() for one, other in zip(average, model.get_weights()))
    finally:
        keras.config.set_dtype_policy(policy)


def test_a_share_of_the_training():
    assert SWA("sgd", start="75%", total_steps=200)._first == 150
    assert SWA("sgd", start=0.75, total_steps=200, gradient_accumulation_steps=2)._first == 75
    assert SWA(SAM("sgd", gradient_accumulation_steps=2), start="50%", total_steps=8)._first == 2


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"averages nothing itself\. Received: optimizer=ScheduleFreeSGD"):
        EMA(ScheduleFreeSGD())
    with pytest.raises(ValueError, match="SGD with use_ema"):
        SWA(keras.optimizers.SGD(use_ema=True))
    with pytest.raises(ValueError, match="every=0"):
        SWA("sgd", every=0)
    with pytest.raises(ValueError, match="total_steps"):
        SWA("sgd", start="75%")
    with pytest.raises(ValueError, match=r"decay=1\.5"):
        EMA("sgd", decay=1.5)
    with pytest.raises(ValueError, match="start=-1"):
        EMA("sgd", start=-1)
