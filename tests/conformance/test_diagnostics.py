"""What the diagnostics have in common, on whatever backend this runs on: they see, and touch nothing."""

import keras
import numpy as np
import pytest

from kzoo.callbacks import (
    ActivationImages,
    ConfusionMatrix,
    DeadUnits,
    GradientHistograms,
    GradientNorms,
    LearningRateMonitor,
    Saturation,
    WeightHistograms,
)
from kzoo.callbacks.batches import grouped
from kzoo.callbacks.measuring import measuring

from .gradients import distance

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(96, 6, 6, 2)).astype("float32"), RANDOM.integers(0, 3, 96)
DATA = [
    (X[start : start + size], Y[start : start + size])
    for start, size in ((0, 16), (16, 16), (32, 24), (56, 40))
]


def all_of_them(folder, x=X, y=Y):
    data = [(x[start : start + 16], y[start : start + 16]) for start in (0, 16, 32)]
    return [
        DeadUnits(data, batches=2),
        Saturation(data, batches=2),
        GradientNorms(data),
        GradientHistograms(data, log_dir=folder),
        WeightHistograms(log_dir=folder),
        ActivationImages(data, log_dir=folder),
        LearningRateMonitor(),
        ConfusionMatrix(data, batches=None),
    ]


def _model():
    """With all that a forward pass could change: statistics, dropout, noise; and a loss of its own."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((6, 6, 2)),
        keras.layers.Conv2D(4, 3, name="conv"),
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu", name="act"),
        keras.layers.GaussianNoise(0.1),
        keras.layers.Flatten(),
        keras.layers.Dense(8, activation="tanh", kernel_regularizer="l2", name="bent"),
        keras.layers.SpectralNormalization(keras.layers.Dense(8, name="bound")),  # writes into what it trains
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3, name="head"),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


def _trained(callbacks):
    model = _model()
    history = model.fit(X, Y, batch_size=16, epochs=2, verbose=0, callbacks=callbacks).history
    return [
        keras.ops.convert_to_numpy(each) for each in [*model.variables, *model.optimizer.variables]
    ], history


def test_they_change_nothing(tmp_path):
    callbacks = all_of_them(str(tmp_path))
    for each in callbacks:
        each.quiet = True
    without, plain = _trained([])
    with_them, seen = _trained(callbacks)
    assert all(np.array_equal(one, other) for one, other in zip(without, with_them, strict=True))
    assert {name: values for name, values in seen.items() if name in plain} == plain
    assert set(seen) - set(plain) == {"dead_units", "saturation", "gradient_norm", "learning_rate"}
    for each in callbacks:
        assert each.summary()["epochs"][-2:] == [1, 2]


def test_the_pass_is_made_once_for_all(tmp_path, monkeypatch):
    from kzoo.callbacks.passes import Passes

    calls = []
    for name in ("forward", "gradients"):
        usual = getattr(Passes, name)

        def counted(*arguments, name=name, usual=usual):
            calls.append(name)
            return usual(*arguments)

        monkeypatch.setattr(Passes, name, counted)
    data = [(X[:16], Y[:16]), (X[16:32], Y[16:32])]
    callbacks = [
        DeadUnits(data, 2),
        Saturation(data, 1),
        GradientNorms(data),
        GradientHistograms(data, 1, 2, tmp_path),
    ]
    model = _model()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks)
    assert calls == ["forward", "gradients", "forward"] * 2
    assert callbacks[-1].summary()["epochs"] == [2]
    assert not measuring(model)._wanted and not measuring(model)._groups


def test_pictures_need_no_more_samples_than_they_show(tmp_path, monkeypatch):
    from kzoo.callbacks.passes import Passes

    rows, usual = [], Passes.forward

    def counted(passes, model, x, *more):
        rows.append(len(x))
        return usual(passes, model, x, *more)

    monkeypatch.setattr(Passes, "forward", counted)
    data = [(X[:16], Y[:16])]
    few, more = (ActivationImages(data, images=number, log_dir=str(tmp_path)) for number in (2, 3))
    for callbacks in ([few], [few, more], [few, DeadUnits(data)]):
        _model().fit(X, Y, verbose=0, callbacks=callbacks)
    assert rows == [2, 2] + [3, 3, 3] + [16, 16]  # before the training each looks for all


def test_data_that_does_not_do_is_an_error_and_the_next_training_is_none_the_wiser():
    model = keras.Sequential([keras.Input((6, 6, 2)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    wrong = [
        (DeadUnits([]), "a batch or more, .* data=list"),
        (
            ConfusionMatrix((each for each in DATA), batches=None),
            "run through again, which a generator can't",
        ),
        (ConfusionMatrix(X), r"must have targets, say ConfusionMatrix\(\(x, y\)\)"),
        (GradientNorms(DATA[0][0]), r"must have targets, say GradientNorms\(\(x, y\)\)"),
    ]
    for callback, said in wrong:
        with pytest.raises(ValueError, match=said):
            model.fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    right = ConfusionMatrix((X, Y))
    right.quiet = True
    model.fit(X, Y, verbose=0, callbacks=[right])
    assert right.matrices[0].sum() == 96


def test_gradients_without_targets_are_those_of_what_layers_lose():
    layer = keras.layers.Dense(
        1, use_bias=False, activity_regularizer=keras.regularizers.L2(0.5), name="only"
    )
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile("sgd")
    x = RANDOM.normal(size=(8, 2)).astype("float32")
    callback = GradientNorms(x)
    callback.set_model(model)
    expected = np.linalg.norm(x.T @ x @ keras.ops.convert_to_numpy(layer.kernel) / 8)
    assert distance([callback.norms()["only"]], [expected]) <= 1e-5


def test_gradients_are_those_of_the_loss():
    """Of a linear model with mean squared error and L2, of what it gives too: 2/n xᵀ((1 + μ)xw - y) + 2λw."""
    l2 = keras.regularizers.L2
    layer = keras.layers.Dense(
        1, use_bias=False, kernel_regularizer=l2(0.1), activity_regularizer=l2(0.5), name="only"
    )
    model = keras.Sequential([keras.Input((2,)), layer])
    x, y = RANDOM.normal(size=(40, 2)).astype("float32"), RANDOM.normal(size=(40, 1)).astype("float32")
    model.compile("sgd", "mse")
    callback = GradientNorms((x, y), batches=2)
    callback.set_model(model)
    w = keras.ops.convert_to_numpy(layer.kernel)
    # The mean over batches, of 32 and of 8.
    parts = [2 / len(b) * a.T @ (1.5 * a @ w - b) for a, b in ((x[:32], y[:32]), (x[32:], y[32:]))]
    expected = np.linalg.norm((parts[0] + parts[1]) / 2 + 0.2 * w)
    assert distance([callback.norms()["only"]], [expected]) <= 1e-5


def test_names_of_layers_and_of_what_is_inside():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense")], name="inner")
    layers = [
        keras.Input((3, 2)),
        keras.layers.LSTM(4, name="lstm"),
        inner,
        keras.layers.Dense(2, name="dense"),
        keras.layers.Dense(1, name="frozen", trainable=False),
    ]
    model = keras.Sequential(layers, name="outer")
    model.compile("sgd", "mse")
    callback = GradientNorms((np.ones((4, 3, 2), "float32"), np.ones((4, 1), "float32")))
    callback.set_model(model)
    assert list(callback.norms()) == ["lstm_cell", "inner/dense", "outer/dense"]
    watched = Saturation(np.ones((4, 3, 2), "float32"))
    watched.set_model(model)
    assert watched.shares() == {}  # what an LSTM gives isn't what its tanh gives


def test_small_batches_run_together_with_those_of_their_shape():
    rows = [(16, 6), (16, 6), (8, 6), (8, 5), (40_000, 5), (40_000, 5)]
    batches = [(np.zeros(shape, "float32"), np.zeros(shape[0]), None) for shape in rows]
    groups = list(grouped(batches))
    assert [(each.first, each.inputs.shape) for each in groups] == [
        (0, (40, 6)),
        (3, (40_008, 5)),
        (5, (40_000, 5)),
    ]
    assert [each.targets.shape for each in groups] == [(40,), (40_008,), (40_000,)]
    assert [(each.first, len(each.batches)) for each in grouped(batches, {1, 2})] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 2),
        (5, 1),
    ]


def test_the_same_batches_in_each_epoch_whoever_is_due(tmp_path):
    """Of data whose order differs each time, where one looks each epoch and one at more of it each other epoch."""

    class Shuffled:
        def __iter__(self):
            return iter([(X[rows], Y[rows]) for rows in np.split(RANDOM.permutation(96), 6)])

    data = Shuffled()
    norms, histograms = GradientNorms(data), GradientHistograms(data, 2, 2, str(tmp_path))
    layers = [keras.Input((6, 6, 2)), keras.layers.Flatten(), keras.layers.Dense(3, name="only")]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss)
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[norms, histograms])
    assert norms.by_layer == norms.by_layer[:1] * 4
    assert (
        len(histograms.records) == 2
        and histograms.records[0]["by_weight"] == histograms.records[1]["by_weight"]
    )


def test_a_batch_alone_and_with_others_shows_the_same(monkeypatch):
    def seen():
        model = _model()
        callbacks = [
            DeadUnits(DATA, batches=3),
            Saturation(DATA, batches=3),
            ConfusionMatrix(DATA, batches=None),
        ]
        for each in callbacks:
            each.set_model(model)
        return [each.record(each.look(), 1) for each in callbacks]

    together = seen()
    monkeypatch.setattr("kzoo.callbacks.batches._SMALL", 0)
    alone = seen()
    assert together[0] == alone[0] and np.array_equal(together[2]["matrix"], alone[2]["matrix"])
    assert distance(together[1]["overall"], alone[1]["overall"]) < 1e-6
