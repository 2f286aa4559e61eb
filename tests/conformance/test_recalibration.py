"""Batch normalization's statistics fit the weights that are evaluated, in `fit` and in recipes."""

import warnings

import keras
import numpy as np
import pytest

import kzoo
from kzoo.build.experiment import build
from kzoo.callbacks import RecalibrateBatchNorm, recalibrate
from kzoo.callbacks.recalibrate_batch_norm import layers_with_statistics
from kzoo.optimizers import EMA, SWA, ScheduleFreeAdamW
from kzoo.problems import KzooError, KzooWarning
from kzoo.runs.checkpoint import Checkpoints
from kzoo.training.train import resume

from .gradients import as_float64, distance

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(loc=2, scale=3, size=(96, 6)).astype("float32")
TARGETS = np.tanh(INPUTS[:, :1])


def _model(optimizer=None, dropout=0.0):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.Dropout(dropout, seed=3),
            layers.Dense(1),
        ]
    )
    generator = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(size=weight.shape))
    if optimizer is not None:
        model.compile(optimizer, "mse")
    return model


def _far(model, batches):
    """How far the statistics are from the means over batches with the weights as they are, in closed form."""
    kernel, bias = (as_float64(each) for each in model.get_layer("first").weights)
    sums = [each.astype("float64") @ kernel + bias for each in batches]
    norm = model.get_layer("norm")
    return max(
        distance(as_float64(norm.moving_mean), np.mean([each.mean(0) for each in sums], axis=0)),
        distance(as_float64(norm.moving_variance), np.mean([each.var(0) for each in sums], axis=0)),
    )


def test_batches_of_any_size_count_alike():
    model, parts = _model(), np.split(INPUTS, [10, 50, 53])
    recalibrate(model, parts)
    assert _far(model, parts) <= 1e-5
    recalibrate(model, parts, batches=2)
    assert _far(model, parts[:2]) <= 1e-5
    recalibrate(model, INPUTS)  # in batches of 32
    assert _far(model, np.split(INPUTS, 3)) <= 1e-5


def test_nothing_else_changes():
    model = _model("adam", dropout=0.5)
    norm = model.get_layer("norm")
    before = [as_float64(each).copy() for each in model.variables if "moving" not in each.path]
    recalibrate(model, INPUTS)
    after = [as_float64(each) for each in model.variables if "moving" not in each.path]
    assert len(before) > 6 and all((one == other).all() for one, other in zip(before, after))
    assert norm.momentum == 0.99 and "call" not in vars(norm)


def test_layers_that_do_not_train_stay_and_so_does_everything_after_a_failure():
    model = _model()
    norm = model.get_layer("norm")
    norm.trainable = False
    recalibrate(model, INPUTS)
    assert (as_float64(norm.moving_mean) == 0).all() and layers_with_statistics(model) == []
    norm.trainable = True
    norm.moving_mean.assign(np.arange(8))
    with pytest.raises(ValueError, match="at least one batch"):
        recalibrate(model, [])
    assert (as_float64(norm.moving_mean) == np.arange(8)).all() and norm.momentum == 0.99


def test_a_layer_that_is_called_twice_is_measured_twice():
    norm = keras.layers.BatchNormalization()
    inputs = keras.Input((6,))
    model = keras.Model(inputs, norm(norm(inputs) * 2 + 1))
    recalibrate(model, INPUTS)
    means = [np.stack([each.astype("float64").mean(0), np.ones(6)]).mean(0) for each in np.split(INPUTS, 3)]
    assert distance(as_float64(norm.moving_mean), np.mean(means, axis=0)) <= 1e-5


@pytest.mark.parametrize("name", ["ghost_batch_norm", "switchable_norm", "evonorm_b0"])
def test_layers_of_ours_with_statistics(name):
    layer = kzoo.get("layer", name)
    model = keras.Sequential([keras.Input((4, 4, 3)), layer])
    pictures = GENERATOR.normal(loc=1, size=(64, 4, 4, 3)).astype("float32")
    recalibrate(model, pictures)
    assert layers_with_statistics(model) == [layer]
    variance = as_float64(layer.moving_variance)
    assert distance(variance, pictures.var((0, 1, 2))) < 0.2 and (variance != 1).all()


class _Watch(keras.callbacks.Callback):
    """Measures, when an epoch ends, how far the statistics are from what fits."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.far = batches, []

    def on_epoch_end(self, epoch, logs=None):
        self.far.append(_far(self.model, self.batches))


OPTIMIZERS = {
    "swa": lambda: SWA(keras.optimizers.Adam(0.1)),
    "ema": lambda: EMA(keras.optimizers.Adam(0.1), decay=0.9),
    "schedule_free": lambda: ScheduleFreeAdamW(0.1),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_fit_recalibrates_by_itself_where_weights_are_averages(kind):
    model = _model(OPTIMIZERS[kind]())
    watch = _Watch([INPUTS])
    history = model.fit(
        INPUTS,
        TARGETS,
        batch_size=96,
        epochs=3,
        verbose=0,
        callbacks=[watch],
        validation_data=(INPUTS, TARGETS),
    )
    assert max(watch.far) <= 1e-4
    assert history.history["val_loss"][-1] == pytest.approx(
        model.evaluate(INPUTS, TARGETS, verbose=0), rel=1e-4
    )
    model.compile("adam", "mse")  # another optimizer gets the fit of Keras back
    watch = _Watch([INPUTS])
    model.fit(INPUTS, TARGETS, batch_size=96, verbose=0, callbacks=[watch])
    assert watch.far[0] > 1e-3 and "fit" not in vars(model)


def test_recalibrated_averages_are_better_in_training_than_those_that_are_not():
    losses = {}
    for recalibrated in (True, False):
        keras.utils.set_random_seed(0)
        model = _model(SWA(keras.optimizers.Adam(0.05)))
        fit = model.fit if recalibrated else super(keras.Sequential, model).fit
        fit(INPUTS, TARGETS, batch_size=16, epochs=4, verbose=0)
        losses[recalibrated] = model.evaluate(INPUTS, TARGETS, verbose=0)
    assert losses[True] < losses[False]


def test_fit_gives_the_data_as_it_got_it():
    import tensorflow as tf

    class Rows(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            part = slice(index * 32, index * 32 + 32)
            return INPUTS[part], TARGETS[part]

    dataset = tf.data.Dataset.from_tensor_slices((INPUTS, TARGETS)).batch(32)
    for data in (dataset, Rows()):
        model, watch = _model(EMA("sgd")), _Watch(np.split(INPUTS, 3))
        model.fit(data, shuffle=False, verbose=0, callbacks=[watch])
        assert watch.far[0] <= 1e-4
    model, watch = _model(EMA("sgd")), _Watch([INPUTS[:48]])
    model.fit(INPUTS, TARGETS, batch_size=48, validation_split=0.5, verbose=0, callbacks=[watch])
    assert watch.far[0] <= 1e-4


def test_a_generator_cannot_be_run_through_again():
    def forever():
        while True:
            yield INPUTS, TARGETS

    model = _model(EMA("sgd"))
    with pytest.warns(KzooWarning, match="add RecalibrateBatchNorm"):
        model.fit(forever(), steps_per_epoch=2, shuffle=False, verbose=0)
    watch = _Watch([INPUTS])
    with warnings.catch_warnings():
        warnings.simplefilter("error", KzooWarning)
        callbacks = [RecalibrateBatchNorm([INPUTS]), watch]
        model.fit(forever(), steps_per_epoch=2, shuffle=False, verbose=0, callbacks=callbacks)
    assert watch.far[0] <= 1e-4


def test_averages_that_keras_puts_in_place_at_the_end():
    model = _model(keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5))
    model.fit(INPUTS, TARGETS, epochs=2, verbose=0, callbacks=[RecalibrateBatchNorm([INPUTS])])
    assert _far(model, [INPUTS]) <= 1e-4


RECIPE = """\
name: averaged
data: {name: digits, batch_size: 128}
model:
  layers: [flatten, {name: dense, units: 8}, batch_normalization, {name: dense, units: 10}]
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: swa, optimizer: {name: adam, learning_rate: 0.01}, start: 50%}
fit: {epochs: 2}
"""


def test_recipes_recalibrate_by_themselves(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    recipe = kzoo.load_recipe(path)
    experiment = build(recipe)
    (callback,) = experiment.callbacks(tmp_path)
    assert isinstance(callback, RecalibrateBatchNorm) and callback.batches == 100
    assert experiment.model.optimizer._first == experiment.steps_per_epoch
    batches = [each for each, _ in callback.data]
    assert len(batches) == experiment.steps_per_epoch
    plain = kzoo.load_recipe(path, ["compile.optimizer=adam"])
    assert build(plain).callbacks(tmp_path) == []
    named = "fit.callbacks=[{name: recalibrate_batch_norm, batches: 3}]"
    inside_out = "compile.optimizer={name: lookahead, optimizer: {name: swa, optimizer: adam}}"
    with pytest.raises(KzooError, match="SWA can't stand inside Lookahead"):
        build(kzoo.load_recipe(path, [inside_out]))
    (callback,) = build(kzoo.load_recipe(path, [named])).callbacks(tmp_path)
    assert callback.batches == 3 and callback.data is not None
    run = kzoo.train(recipe, runs=tmp_path)
    norm = run.model.layers[2]
    before = [as_float64(each).copy() for each in norm.non_trainable_weights]
    recalibrate(run.model, experiment.callbacks(tmp_path)[0].data)
    assert all(distance(one, as_float64(two)) <= 1e-5 for one, two in zip(before, norm.non_trainable_weights))


@pytest.mark.parametrize(
    "optimizer",
    [
        "{name: swa, optimizer: adam, start: 50%}",
        "{name: ema, optimizer: sgd}",
        "{name: kzoo/schedule_free_adamw}",
    ],
)
def test_a_resumed_run_ends_as_if_it_had_not_been_interrupted(optimizer, tmp_path, monkeypatch):
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    recipe = kzoo.load_recipe(path, [f"compile.optimizer={optimizer}", "data.validation=20%"])
    whole = kzoo.train(recipe, runs=tmp_path / "whole")
    save = Checkpoints.save

    def save_and_stop(self, epoch, *what):
        save(self, epoch, *what)
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoints, "save", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        kzoo.train(recipe, runs=tmp_path / "parts")
    monkeypatch.undo()
    (interrupted,) = (tmp_path / "parts").iterdir()
    again = resume(interrupted)
    assert len(whole.model.optimizer.variables) == len(again.model.optimizer.variables) > 4
    states = [
        [as_float64(each) for each in (*run.model.weights, *run.model.optimizer.variables)]
        for run in (whole, again)
    ]
    assert all((one == other).all() for one, other in zip(*states))


def test_wrong_arguments():
    model = _model("sgd")
    with pytest.raises(ValueError, match="`data` must be given"):
        model.fit(INPUTS, TARGETS, verbose=0, callbacks=[RecalibrateBatchNorm()])
    with pytest.raises(ValueError, match="batches=0"):
        RecalibrateBatchNorm(INPUTS, batches=0)
