"""References of losses of sequences, of adversarial networks and of distillation."""

from __future__ import annotations

import keras
import numpy as np

from ..formulas import Array, Formula
from ..golden import Golden
from ..loss_inputs import Inputs

_PAIR = ("y_true", "y_pred")


def wasserstein(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    sign = np.where(y_true > 0, 1, -1)
    return (-sign * y_pred).mean(), -sign / sign.size


def hinge_gan(y_true: Array, y_pred: Array, generator: bool = False) -> tuple[Array, Array]:
    if generator:
        return wasserstein(y_true, y_pred)
    sign = np.where(y_true > 0, 1, -1)
    inside = sign * y_pred < 1
    return (inside * (1 - sign * y_pred)).mean(), -sign * inside / sign.size


def _scores(generator, shape):
    return generator.choice([-1.0, 0.0, 1.0], size=shape), generator.normal(scale=2, size=shape)


def _sequences(generator, shape):
    batch, time, classes = shape
    labels = generator.integers(1, classes, size=(batch, max(time // 2, 1)))
    labels[:1, 1:] = -1
    return labels.astype("float32"), generator.normal(size=shape).astype("float32")


def _sequence_extremes(dtype):
    for logits in ([0, 0, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4], [0, 1e4, 1e-40]):
        # one label, two of them, none, and more than there are steps
        for labels in ([1, -1, -1], [1, 2, -1], [-1, -1, -1], [1, 1, 1]):
            yield np.array([labels]), np.array([[logits, logits[::-1]]], "float64")


def _logits_extremes(dtype):
    rows = ([0, 0, 0], [1e4, -1e4, 0], [-1e4, 1e4, 0], [1e4, 1e4, 1e4], [1e-40, 3e-8, 1])
    for teacher in rows:
        for student in rows:
            yield np.array([teacher], "float64") / 4, np.array([student], "float64") / 4


OTHER_LOSSES: dict[str, Golden | Formula] = {
    "ctc": Golden("other_losses"),
    "distillation": Golden("other_losses"),
    "hinge_gan": Formula(
        "closed form in float64", hinge_gan, (({}, (6, 5)), ({"generator": True}, (2, 4, 1))), _PAIR, _scores
    ),
    "wasserstein": Formula(
        "closed form in float64", wasserstein, (({}, (6, 5)), ({}, (2, 3, 4, 1))), _PAIR, _scores
    ),
}
OTHER_INPUTS = {
    "ctc": Inputs(
        _sequences,
        _sequence_extremes,
        ((1, 1, 2), (3, 5, 4), (2, 9, 3)),
        lambda shape: shape[:1],
        (6, 4),
        lambda: (keras.layers.Reshape((6, 4)),),
        column=False,
        masked_as_a_whole=False,
    ),
    "distillation": Inputs(extremes=_logits_extremes, output=(4,), column=False),
    # TensorFlow's graphs may update one layer before another has read it where no gradient depends on a prediction:
    # two runs of any loss that is linear in it differ by the square of the learning rate.
    "hinge_gan": Inputs(head=lambda: (keras.layers.Activation("tanh"),)),
    "wasserstein": Inputs(head=lambda: (keras.layers.Activation("tanh"),)),
}
