"""What each diagnostic says, against what is known otherwise; for test_callbacks.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np

from kzoo.callbacks import (
    ActivationImages,
    ConfusionMatrix,
    GradientHistograms,
    GradientNorms,
    LearningRateMonitor,
    Saturation,
    WeightHistograms,
)

from .event_files import events, pictures_in
from .gradients import distance

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).astype("float32")
Y = RANDOM.normal(size=(40, 2)).astype("float32")


def _trained(layers, callback, x=X, y=Y, optimizer=None, epochs=1):
    """A model whose weights stay as they are, unless an optimizer is given."""
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile(optimizer or keras.optimizers.SGD(0.0), "mse")
    callback.quiet = True
    model.fit(x, y, epochs=epochs, batch_size=10, verbose=0, callbacks=[callback])
    return model


def saturation(proof_of_values):
    """The slopes from what goes in; the callback takes them from what comes out."""
    slopes = {
        "tanh": lambda z: 1 / np.cosh(z) ** 2,
        "sigmoid": lambda z: 4 / (np.exp(z / 2) + np.exp(-z / 2)) ** 2,
        "softsign": lambda z: 1 / (1 + np.abs(z)) ** 2,
        "hard_sigmoid": lambda z: np.abs(z) < 3,
        "hard_tanh": lambda z: np.abs(z) < 1,
    }
    inputs = keras.Input((3,))
    hidden = [
        keras.layers.Dense(4, activation=name, name=name, kernel_initializer="he_normal") for name in slopes
    ]
    outputs = keras.layers.Dense(2)(keras.layers.Concatenate()([layer(inputs) for layer in hidden]))
    callback = Saturation(4 * X, batches=2, flat=0.3)
    _trained([keras.Model(inputs, outputs)], callback)
    error, every = 0.0, []
    for layer in hidden:
        sums = 4 * X.astype("float64") @ keras.ops.convert_to_numpy(layer.kernel)
        flat = slopes[layer.name](sums) < 0.3
        every.append(flat.mean())
        error = max(error, abs(callback.by_layer[0][layer.name] - flat.mean()))
        assert callback.stuck[0][layer.name] == flat.all(axis=0).mean()
    assert 0.05 < min(every) < max(every) < 0.95
    error = max(error, abs(callback.records[0]["overall"] - np.mean(every)))
    assert error <= 1e-6
    proof_of_values(error)


def gradient_norms(proof_of_values):
    """Two linear layers and mean squared error: 2/n h'(o - y) and 2/n x'(o - y)w'."""
    first, last = keras.layers.Dense(4, name="first"), keras.layers.Dense(2, name="last")
    callback = GradientNorms([(X, Y)])
    _trained([first, last], callback)
    (a, b), (c, d) = ([keras.ops.convert_to_numpy(each) for each in layer.weights] for layer in (first, last))
    hidden = X.astype("float64") @ a + b
    slope = 2 / Y.size * (hidden @ c + d - Y)
    of_last = [hidden.T @ slope, slope.sum(axis=0)]
    of_first = [X.T @ (slope @ c.T), (slope @ c.T).sum(axis=0)]
    norms = [np.sqrt(sum(np.sum(each**2) for each in both)) for both in (of_first, of_last)]
    assert list(callback.by_layer[0]) == ["first", "last"]
    error = distance(list(callback.by_layer[0].values()), norms)
    error = max(error, distance(list(callback.rms[0].values()), norms / np.sqrt([16, 10])))
    error = max(error, distance([callback.records[0]["overall"]], [np.hypot(*norms)]))
    assert error <= 1e-5
    proof_of_values(error)


def _histogram_error(tensor, values):
    from tensorboard.plugins.histogram.summary_v2 import histogram_pb
    from tensorboard.util.tensor_util import make_ndarray

    return distance(tensor, make_ndarray(histogram_pb("", values, buckets=30).value[0].tensor))


def weight_histograms(proof_of_values):
    callback = WeightHistograms(log_dir=tempfile.mkdtemp())
    model = _trained([keras.layers.Dense(2, name="only")], callback)
    found, error = events(Path(callback.log_dir)), 0.0
    for weight in model.trainable_weights:
        values = keras.ops.convert_to_numpy(weight)
        error = max(error, _histogram_error(found[f"weights/only/{weight.name}"][1], values))
        error = max(error, abs(callback.records[0]["by_weight"][f"only/{weight.name}"] - values.std()))
    assert len(found) == 2 and error <= 1e-6
    proof_of_values(error)


def gradient_histograms(proof_of_values):
    callback = GradientHistograms([(X, Y)], log_dir=tempfile.mkdtemp())
    model = _trained([keras.layers.Dense(2, name="only")], callback)
    kernel, bias = (keras.ops.convert_to_numpy(each).astype("float64") for each in model.trainable_weights)
    slope = 2 / Y.size * (X @ kernel + bias - Y)
    gradients = {"kernel": X.T @ slope, "bias": slope.sum(axis=0)}
    found, error = events(Path(callback.log_dir)), 0.0
    for name, gradient in gradients.items():
        error = max(error, _histogram_error(found[f"gradients/only/{name}"][1], gradient))
        error = max(error, abs(callback.records[0]["by_weight"][f"only/{name}"] - gradient.std()))
    assert len(found) == 2 and error <= 1e-6
    proof_of_values(error)


def activation_images(proof_of_values):
    """A ReLU on pictures whose values are those of greys, so that each can be read back as it was."""
    greys = RANDOM.integers(0, 256, (4, 5, 6, 1))
    greys[:, 0, :2, 0] = (0, 255)
    layers = [keras.layers.Activation("relu", name="act"), keras.layers.Flatten(), keras.layers.Dense(2)]
    callback = ActivationImages(greys - 100.0, images=2, log_dir=tempfile.mkdtemp())
    _trained(layers, callback, greys - 100.0, Y[:4], epochs=2)
    found = events(Path(callback.log_dir))
    assert set(found) == {"input", "act/before", "act/after"}
    cut = np.maximum(greys[:2] - 100.0, 0)
    error = 0.0
    for step in (0, 1, 2):
        for tag in ("input", "act/before"):
            error = max(error, distance(pictures_in(found[tag][step])[..., None], greys[:2]))
        after = pictures_in(found["act/after"][step])[..., None]
        error = max(error, distance(after, np.round(cut * 255 / 155)))
    assert error <= 1e-5
    proof_of_values(error)


def lr_monitor(proof_of_values):
    schedule = keras.optimizers.schedules.CosineDecay(0.5, 12)
    callback = LearningRateMonitor()
    _trained([keras.layers.Dense(2)], callback, optimizer=keras.optimizers.SGD(schedule), epochs=3)
    rates = [each["learning_rate"] for each in callback.rates]
    error = distance(rates, 0.25 * (1 + np.cos(np.pi * np.array([4, 8, 12]) / 12)))
    assert error <= 1e-6
    proof_of_values(error)


def confusion_matrix(proof_of_values):
    from sklearn.metrics import confusion_matrix as table

    targets = RANDOM.integers(0, 4, 40)
    one_hot = np.eye(4, dtype="float32")[targets]
    callback = ConfusionMatrix((X, one_hot), batches=None)
    model = _trained([keras.layers.Dense(4)], callback, y=one_hot, epochs=2)
    expected = table(targets, model.predict(X, verbose=0).argmax(axis=1), labels=range(4))
    assert len(callback.matrices) == 2 and 0 < np.trace(expected) < 40
    error = float(max(np.abs(each - expected).max() for each in callback.matrices))
    assert error == 0
    proof_of_values(error)


CHECKS = {
    "activation_images": ("pictures that are known", activation_images),
    "confusion_matrix": ("sklearn.metrics.confusion_matrix", confusion_matrix),
    "gradient_histograms": ("tensorboard's histogram_pb of gradients in closed form", gradient_histograms),
    "gradient_norms": ("closed form in float64", gradient_norms),
    "lr_monitor": ("closed form in float64", lr_monitor),
    "saturation": ("slopes in closed form, from what goes in", saturation),
    "weight_histograms": ("tensorboard's histogram_pb", weight_histograms),
}
