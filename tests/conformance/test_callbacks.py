"""Every own callback, in a training on whatever backend this runs on."""

import keras
import numpy as np
import pytest

from kzoo.callbacks import LSUV, DeadUnits, RecalibrateBatchNorm, ReduceLROnPlateauWarmup
from kzoo.problems import KzooWarning

from .diagnostic_checks import CHECKS as OF_DIAGNOSTICS
from .golden import arrays
from .gradients import distance
from .own_parts import each_part


def _model(*layers):
    return keras.Sequential([keras.Input((2,)), *layers])


def _with_dead_units(units, dead, name="hidden", activation="relu"):
    """A dense layer of which so many units never fire on inputs between 0 and 1."""
    layer = keras.layers.Dense(units, activation=activation, name=name)
    layer.build((None, 2))
    layer.set_weights(
        [np.ones((2, units), "float32"), np.where(np.arange(units) < dead, -9, 0.1).astype("float32")]
    )
    return layer


INPUTS = np.random.default_rng(0).uniform(0.1, 1, size=(100, 2)).astype("float32")


def dead_units(proof_of_values):
    """Networks whose dead units are known by construction, through fit."""
    inputs = keras.Input((2,))
    both = [_with_dead_units(10, 7, "one")(inputs), _with_dead_units(30, 3, "two")(inputs)]
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(keras.layers.Concatenate()(both)))
    callback = DeadUnits(INPUTS)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    with pytest.warns(
        KzooWarning, match="layer one: 70 % of units never fired in the last epoch; try a lower"
    ):
        history = model.fit(INPUTS, INPUTS[:, :1], epochs=2, verbose=0, callbacks=[callback]).history
    assert callback.by_layer == [{"one": 0.7, "two": 0.1}] * 2
    error = max(abs(share - 10 / 40) for share in history["dead_units"])
    assert error <= 1e-12 and len(history["dead_units"]) == 2
    proof_of_values(error)


def lsuv(proof_of_values):
    """A training with a learning rate of 0 leaves the layers as the callback has set them: with variance 1."""
    layers = [keras.layers.Dense(8, activation="relu", name=f"hidden_{index}") for index in range(3)]
    model = _model(*layers, keras.layers.Dense(1, name="last"))
    inputs = 5 + np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    callback = LSUV([(inputs, inputs[:, :1])], tolerance=0.01, seed=0)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(inputs, inputs[:, :1], verbose=0, callbacks=[callback])
    errors = []
    for layer in [*layers, model.get_layer("last")]:
        sums = inputs @ keras.ops.convert_to_numpy(layer.kernel)
        errors.append(abs(float(sums.var()) - callback.variances[layer.name]))
        inputs = np.maximum(sums, 0)
    assert max(errors) <= 1e-5
    assert all(abs(variance - 1) <= 0.01 for variance in callback.variances.values())
    proof_of_values(max(errors))


RECALIBRATION = arrays("recalibration")


def recalibrate_batch_norm(proof_of_values):
    """A training with a learning rate of 0, in batches of another size than those that are measured."""
    norms = [keras.layers.BatchNormalization(name=f"norm_{index}") for index in (1, 4)]
    dense = [keras.layers.Dense(7, name="dense_0"), keras.layers.Dense(4, name="dense_3")]
    layers = [dense[0], norms[0], keras.layers.ReLU(), dense[1], norms[1]]
    model = keras.Sequential([keras.Input((5,)), *layers])
    for layer in dense:
        number = layer.name[-1]
        layer.set_weights([RECALIBRATION[f"kernel.{number}"], RECALIBRATION[f"bias.{number}"]])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    inputs = RECALIBRATION["inputs"]
    callback = RecalibrateBatchNorm(np.split(inputs, 6))
    model.fit(inputs, inputs[:, :4], batch_size=32, epochs=2, verbose=0, callbacks=[callback])
    error = 0.0
    for layer in norms:
        number = layer.name[-1]
        for name, variable in (("mean", layer.moving_mean), ("variance", layer.moving_variance)):
            found = keras.ops.convert_to_numpy(variable)
            error = max(error, distance(found, RECALIBRATION[f"{name}.{number}"]))
    assert error <= 1e-5
    proof_of_values(error)


PLATEAU = arrays("plateau")


def reduce_lr_on_plateau_warmup(proof_of_values):
    """The learning rate of each epoch, for a metric that falls noisily."""
    error = 0.0
    for number in range(3):
        warmup, start, factor, patience, least = (float(each) for each in PLATEAU[f"{number}.arguments"])
        model = _model(keras.layers.Dense(1))
        model.compile(keras.optimizers.SGD(0.4), "mse")
        callback = ReduceLROnPlateauWarmup(
            int(warmup),
            start,
            factor=factor,
            patience=int(patience) + 1,
            mode=str(PLATEAU[f"{number}.mode"]),
            min_delta=0.0,
            min_lr=least,
        )
        callback.set_model(model)
        callback.on_train_begin()
        rates = []
        for epoch, value in enumerate(PLATEAU["metric"]):
            rates.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
            logs = {"val_loss": float(value)}
            callback.on_epoch_end(epoch, logs)
            assert logs["learning_rate"] == rates[-1]
        assert len(set(rates)) > 3
        error = max(error, distance(rates, PLATEAU[f"{number}.rates"]))
    assert error <= 1e-6
    proof_of_values(error)


CHECKS = {
    **OF_DIAGNOSTICS,
    "dead_units": ("counts known by construction", dead_units),
    "lsuv": ("variances worked out from the kernels", lsuv),
    "reduce_lr_on_plateau_warmup": (str(PLATEAU["against"]), reduce_lr_on_plateau_warmup),
    "recalibrate_batch_norm": (str(RECALIBRATION["against"]), recalibrate_batch_norm),
}


@each_part("callback")
def test_in_training(card, proof):
    against, check = CHECKS[card.name]
    check(lambda error: proof(card, "values", against=against, value_error=error))


def _shares(model, data=INPUTS, **arguments):
    callback = DeadUnits(data, **arguments)
    callback.set_model(model)
    return callback.shares()


def test_which_layers_are_watched():
    layers = [
        _with_dead_units(4, 1, "relu"),
        _with_dead_units(4, 2, "relu6", "relu6"),
        _with_dead_units(4, 4, "tanh", "tanh"),
        _with_dead_units(4, 4, "leaky", "leaky_relu"),
        keras.layers.ReLU(name="relu_layer"),
        keras.layers.ReLU(negative_slope=0.1, name="leaky_layer"),
        keras.layers.Activation("relu", name="activation"),
    ]
    inputs = keras.Input((2,))
    outputs = [layer(inputs) for layer in layers]
    assert set(_shares(keras.Model(inputs, outputs))) == {"relu", "relu6", "relu_layer", "activation"}


def test_a_channel_is_dead_if_it_fires_nowhere():
    layer = keras.layers.Conv2D(3, 1, activation="relu", name="conv")
    model = keras.Sequential([keras.Input((4, 4, 1)), layer])
    layer.set_weights([np.ones((1, 1, 1, 3)), np.array([0.0, -0.5, -9.0])])
    pictures = np.zeros((5, 4, 4, 1), "float32")
    pictures[3, 2, 1] = 1  # one position of one picture wakes the first two channels
    assert _shares(model, pictures) == {"conv": 1 / 3}


def test_only_the_first_batches_count_and_only_above_the_threshold():
    model = _model(_with_dead_units(4, 1))
    asleep, awake = np.full((2, 2), -1, "float32"), np.ones((2, 2), "float32")
    batches = [(asleep, None), (awake, None)]
    assert _shares(model, batches, batches=1) == {"hidden": 1.0}
    assert _shares(model, batches, batches=2) == {"hidden": 0.25}
    assert _shares(model, batches, threshold=5.0) == {"hidden": 1.0}


def test_shared_and_nested_layers():
    shared = _with_dead_units(2, 1, "shared")
    inner = keras.Sequential([keras.Input((2,)), _with_dead_units(5, 2, "inside")], name="inner")
    inputs = keras.Input((2,))
    model = keras.Model(inputs, inner(shared(shared(inputs))))
    assert set(_shares(model)) == {"shared", "inside"}
    assert "call" not in vars(shared)


def test_a_dataset_as_the_data():
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((INPUTS, INPUTS)).batch(8)
    assert _shares(_model(_with_dead_units(8, 2)), data) == {"hidden": 0.25}


def test_no_rectifier_means_no_dead_units():
    model = _model(keras.layers.Dense(3, activation="gelu"))
    model.compile("sgd", "mse")
    history = model.fit(INPUTS, INPUTS[:, :1], verbose=0, callbacks=[DeadUnits(INPUTS)]).history
    assert history["dead_units"] == [0.0]


def test_wrong_arguments():
    model = _model(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="`data` must be given"):
        model.fit(INPUTS, INPUTS[:, :1], verbose=0, callbacks=[DeadUnits()])
    with pytest.raises(ValueError, match="batches=0"):
        DeadUnits(INPUTS, batches=0)


def test_lsuv_leaves_a_trained_model_alone():
    model = _model(keras.layers.Dense(4, name="only"))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    with pytest.raises(ValueError, match="`data` must be given"):
        model.fit(INPUTS, INPUTS[:, :1], verbose=0, callbacks=[LSUV()])
    callback = LSUV(INPUTS)
    model.fit(INPUTS, INPUTS[:, :1], verbose=0, callbacks=[callback])
    assert set(callback.variances) == {"only"}
    again = LSUV(INPUTS)
    model.fit(INPUTS, INPUTS[:, :1], verbose=0, callbacks=[again])
    assert again.variances == {}
    with pytest.raises(ValueError, match="iterations=0"):
        LSUV(iterations=0)


def test_a_training_that_has_begun_is_not_warmed_up():
    model = _model(keras.layers.Dense(1))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    seen = []
    for _ in range(2):
        callback = ReduceLROnPlateauWarmup(2, 0.02, monitor="loss")
        history = model.fit(INPUTS, INPUTS[:, :1], epochs=3, verbose=0, callbacks=[callback]).history
        seen += history["learning_rate"]
    assert distance(seen, [0.02, 0.06, 0.1, 0.1, 0.1, 0.1]) <= 1e-6
    with pytest.raises(ValueError, match="warmup=-1"):
        ReduceLROnPlateauWarmup(-1)
