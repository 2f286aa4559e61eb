"""References of losses of classes and labels: what other packages said, and closed forms."""

from __future__ import annotations

import keras
import numpy as np

from ..formulas import Array, Formula
from ..golden import Golden
from ..loss_inputs import Inputs, real
from .losses_classes import _extremes as _class_extremes
from .losses_classes import _numbers

_PAIR, _CLOSED = ("y_true", "y_pred"), "closed form in float64"
_COUNTS, _WEIGHTS = [40.0, 3.0, 11.0, 90.0], [0.5, 2.0, 1.0, 0.25]


def _softmax(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def _by_logits(p, slope):
    """The slope by the logits of a softmax, from that by its probabilities."""
    return p * (slope - (p * slope).sum(-1, keepdims=True))


def _vectors(y_true, y_pred, label_smoothing=0.0):
    vectors = np.eye(y_pred.shape[-1])[y_true.astype(int)] if y_true.ndim < y_pred.ndim else y_true
    return (1 - label_smoothing) * vectors + label_smoothing / y_pred.shape[-1]


def jensen_shannon(y_true: Array, y_pred: Array, from_logits=False) -> tuple[Array, Array]:
    p = _softmax(y_pred) if from_logits else y_pred
    mean = (y_true + p) / 2
    value = (y_true * np.log(y_true / mean) + p * np.log(p / mean)).sum(-1).mean() / 2
    slope = np.log(p / mean) / 2 / p[..., 0].size
    return value, _by_logits(p, slope) if from_logits else slope


def generalized_ce(y_true: Array, y_pred: Array, q=0.7, label_smoothing=0.0) -> tuple[Array, Array]:
    y, p = _vectors(y_true, y_pred, label_smoothing), _softmax(y_pred)
    value = (y * (1 - p**q) / q).sum(-1).mean()
    return value, _by_logits(p, -y * p ** (q - 1)) / p[..., 0].size


def symmetric_ce(y_true: Array, y_pred: Array, alpha=0.1, beta=1.0, lowest=1e-4, label_smoothing=0.0):
    y, p = _vectors(y_true, y_pred, label_smoothing), _softmax(y_pred)
    log_y = np.log(np.maximum(y, lowest))
    value = -(alpha * y * np.log(p) + beta * p * log_y).sum(-1).mean()
    return value, _by_logits(p, -alpha * y / p - beta * log_y) / p[..., 0].size


def bi_tempered(y_true: Array, y_pred: Array, t1=0.8, t2=1.4, label_smoothing=0.0):
    def log_t(x):
        return np.log(x) if t1 == 1 else (x ** (1 - t1) - 1) / (1 - t1)

    def exp_t(x):
        return np.exp(x) if t2 == 1 else np.maximum(1 + (1 - t2) * x, 1e-300) ** (1 / (1 - t2))

    # The normalizer by bisection: at the largest logit the sum is 1 or more, far above it less.
    low = y_pred.max(-1, keepdims=True)
    high = low + 1e10
    for _ in range(100):
        middle = (low + high) / 2
        above = exp_t(y_pred - middle).sum(-1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    p, y = exp_t(y_pred - low), _vectors(y_true, y_pred, label_smoothing)
    positive = np.where(y > 0, y, 1)
    value = y * (np.where(y > 0, log_t(positive), 0) - log_t(p)) - (y ** (2 - t1) - p ** (2 - t1)) / (2 - t1)
    slope, escort = (p - y) * p ** (t2 - t1), p**t2 / (p**t2).sum(-1, keepdims=True)
    gradient = slope - escort * slope.sum(-1, keepdims=True)
    return value.sum(-1).mean(), gradient / y[..., 0].size


def ldam(y_true: Array, y_pred: Array, class_counts, max_margin=0.5, scale=30.0, class_weights=None):
    margins = np.asarray(class_counts) ** -0.25
    margins *= max_margin / margins.max()
    y = _vectors(y_true, y_pred)
    p = _softmax(scale * (y_pred - y * margins))
    weight = (y * (np.ones(len(margins)) if class_weights is None else class_weights)).sum(-1, keepdims=True)
    value = -(weight * y * np.log(p)).sum() / weight.sum()
    return value, scale * weight * (p - y) / weight.sum()


def weighted_kappa(y_true: Array, y_pred: Array, weighting="quadratic", from_logits=False, epsilon=1e-6):
    p = (_softmax(y_pred) if from_logits else y_pred).reshape(-1, y_pred.shape[-1])
    y = _vectors(y_true, y_pred).reshape(p.shape)
    classes, power = p.shape[-1], {"linear": 1, "quadratic": 2}[weighting]
    weight = [[(abs(a - b) / (classes - 1)) ** power for b in range(classes)] for a in range(classes)]
    observed = sum(weight[a][b] * y[:, a] @ p[:, b] for a in range(classes) for b in range(classes))
    chance = sum(weight[a][b] * y[:, a].sum() * p[:, b].sum() for a in range(classes) for b in range(classes))
    chance /= len(y)
    by_chance = (y.sum(0) @ weight) / len(y)
    slope = ((y @ weight) / chance - observed * by_chance / chance**2) / (observed / chance + epsilon)
    slope = _by_logits(p, slope) if from_logits else slope
    return np.float64(np.log(observed / chance + epsilon)), slope.reshape(y_pred.shape)


def _numbers_and_logits(generator, shape):
    return generator.integers(0, shape[-1], size=shape[:-1]).astype("float64"), generator.normal(
        scale=2, size=shape
    )


def _numbers_and_cosines(generator, shape):
    y_true, y_pred = _numbers_and_logits(generator, shape)
    return y_true, np.tanh(y_pred)


def _distributions(generator, shape):
    return tuple(generator.dirichlet(np.ones(shape[-1]), size=shape[:-1]) for _ in range(2))


def _numbers_and_distributions(generator, shape):
    return _numbers_and_logits(generator, shape)[0], _distributions(generator, shape)[1]


def _formula(function, *settings, draw=_numbers_and_logits):
    return Formula(_CLOSED, function, settings, _PAIR, draw)


CLASSIFICATION = Golden("classification_losses")
_OF_CLASSIFICATION = (
    "asymmetric",
    "asymmetric_single_label",
    "binary_poly",
    "distribution_balanced",
    "focal",
)
_OF_CLASSIFICATION += ("jsd", "poly", "sigmoid_focal", "two_way", "zlpr")
_OF_MARGINS = ("coral", "corn", "gaussian_nll", "hinge_embedding", "margin_ranking", "multi_margin")
_OF_MARGINS += ("multilabel_margin", "soft_margin", "sparsemax")
CLASSIFICATION_LOSSES = {
    **dict.fromkeys(_OF_CLASSIFICATION, CLASSIFICATION),
    **dict.fromkeys(_OF_MARGINS, Golden("margin_losses")),
    "bi_tempered": _formula(
        bi_tempered,
        ({}, (6, 4)),
        ({"t1": 0.3, "t2": 1.9, "label_smoothing": 0.2}, (2, 3, 4)),
        ({"t1": 1.0, "t2": 1.0}, (6, 4)),
        ({"t1": 0.2, "t2": 1.0}, (6, 4)),
    ),
    "generalized_ce": _formula(
        generalized_ce, ({}, (6, 4)), ({"q": 0.2, "label_smoothing": 0.2}, (2, 3, 4)), ({"q": 1.0}, (6, 4))
    ),
    "jensen_shannon": _formula(
        jensen_shannon, ({}, (6, 4)), ({"from_logits": True}, (2, 3, 4)), draw=_distributions
    ),
    "ldam": _formula(
        ldam,
        ({"class_counts": _COUNTS}, (6, 4)),
        (
            {"class_counts": _COUNTS, "max_margin": 0.8, "scale": 4.0, "class_weights": _WEIGHTS},
            (2, 3, 4),
        ),
        draw=_numbers_and_cosines,
    ),
    "symmetric_ce": _formula(
        symmetric_ce,
        ({}, (6, 4)),
        ({"alpha": 2.0, "beta": 0.1, "lowest": 0.01, "label_smoothing": 0.2}, (2, 3, 4)),
    ),
    "weighted_kappa": _formula(
        weighted_kappa,
        ({}, (6, 4)),
        ({"weighting": "linear", "epsilon": 0.01}, (2, 3, 4)),
        ({"from_logits": True}, (6, 4)),
        draw=_numbers_and_distributions,
    ),
}


def _at_once(extremes):
    """Six in a batch, for losses of which each position is by itself: the shape that other tests have compiled."""

    def batches(dtype):
        pairs = list(extremes(dtype))
        for shape in sorted({y_true.shape for y_true, _ in pairs}):
            of_shape = [pair for pair in pairs if pair[0].shape == shape]
            for start in range(0, len(of_shape), 6):
                yield tuple(map(np.concatenate, zip(*(of_shape[start:] + of_shape)[:6])))

    return batches


def _at_most(largest):
    """The extremes of classes, with logits that are smaller in float16."""

    def extremes(dtype):
        for y_true, y_pred in _class_extremes(dtype):
            yield y_true, y_pred * (largest / 1e4 if dtype == "float16" else 1)

    return _at_once(extremes)


def _split_extremes(dtype):
    largest = 1e3 if dtype == "float16" else 1e4
    for rows in ([0, 0, 0, 0], [largest, -largest, 0, -1e-40], [-largest] * 4):
        for first in ([0, 0, 0, 0], [-largest, largest, 0, 0]):
            yield np.zeros(6), np.array([first] + [rows] * 5)


def _labels(generator, shape):
    return (generator.uniform(size=shape) < 0.4).astype("float32"), generator.normal(size=shape).astype(
        "float32"
    )


def _label_extremes(dtype):
    far = [[1e4, -1e4, 0.0, 1e-40], [-1e4] * 4, [1e4] * 4, [0.0] * 4, [30.0, -30.0, 3e-8, -1.0]]
    for y_pred in far:
        for y_true in ([0] * 4, [1] * 4, [0, 1, 0, 1], [1, 0, 1, 0]):
            yield np.array([y_true], "float64"), np.array([y_pred], "float64")


def _sign_extremes(dtype):
    numbers = np.array([1e4, -1e4, 0.0, -0.0, 1e-40, 1.0, 3e-8])[:, None]
    for sign in (-1.0, 1.0):
        yield np.full_like(numbers, sign), numbers


def _score_extremes(dtype):
    pairs = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 0], [1e4, 1e4], [1e-40, 3e-8]])
    for sign in (-1.0, 1.0):
        yield np.full(len(pairs), sign), pairs


def _pairs(generator, shape):
    return generator.choice([-1.0, 1.0], size=shape[:-1]).astype("float32"), generator.normal(
        size=shape
    ).astype("float32")


def _normals(generator, shape):
    y_true, y_pred = real(generator, (*shape[:-1], shape[-1] // 2))[0], real(generator, shape)[0]
    return y_true, np.abs(y_pred)


def _normal_extremes(dtype):
    far = 1.0 if dtype == "float16" else 1e4
    for mean in (0.0, far, -far):
        for spread in (0.0, 1e-40, 1e4, -1e4, 1.0):
            yield np.array([[0.0]]), np.array([[mean, spread]])


def _grades(generator, shape):
    return generator.integers(0, shape[-1] + 1, size=shape[:-1]).astype("float32"), generator.normal(
        size=shape
    ).astype("float32")


def _grade_extremes(dtype):
    for logits in ([0, 0, 0, 0], [1e4, -1e4, 0, -1e-40], [-1e4] * 4, [1e4] * 4):
        for grade in (0, 2, 4, -100):
            yield np.array([grade]), np.array([logits], "float64")


def _probability_extremes(dtype):
    vectors = ([1, 0, 0, 0], [0, 0, 0, 1], [0.25] * 4, [0, 1e-40, 1, 0])
    for y_true in vectors:
        for y_pred in vectors:
            yield np.array([y_true], "float64"), np.array([y_pred], "float64")


def _chance_extremes(dtype):
    """Predictions that are all right have a slope of 1/ε, beyond float16."""
    for y_true, y_pred in (([0, 3], [3, 0]), ([0, 0], [3, 3]), ([1, 1], [0, 2]), ([-100, -100], [0, 1])):
        yield np.array(y_true), np.eye(4)[y_pred]
    if dtype != "float16":
        for y_true in ([0, 3], [0, 0]):
            yield np.array(y_true), np.eye(4)[y_true]


def _softmax_head():
    return (keras.layers.Activation("softmax"),)


def _as_float32(draw):
    return lambda generator, shape: tuple(each.astype("float32") for each in draw(generator, shape))


_CLASS_SHAPES = ((6, 4), (1, 4), (2, 3, 4))
_classes = Inputs(_numbers, _at_most(1e4), _CLASS_SHAPES, output=(4,), column=False)
_many_labels = Inputs(_labels, _at_once(_label_extremes), _CLASS_SHAPES, output=(4,), column=False)
_ordered = Inputs(_grades, _at_once(_grade_extremes), _CLASS_SHAPES, output=(4,), column=False)
_each_label = Inputs(make=_labels, extremes=_at_once(_label_extremes))
CLASSIFICATION_INPUTS = {
    **dict.fromkeys(("asymmetric_single_label", "bi_tempered", "focal", "poly", "sparsemax"), _classes),
    **dict.fromkeys(("generalized_ce", "symmetric_ce"), _classes),
    **dict.fromkeys(("asymmetric", "distribution_balanced", "multilabel_margin", "zlpr"), _many_labels),
    **dict.fromkeys(("binary_poly", "sigmoid_focal"), _each_label),
    **dict.fromkeys(("coral", "corn"), _ordered),
    "two_way": Inputs(_labels, _label_extremes, _CLASS_SHAPES, output=(4,), column=False),
    "gaussian_nll": Inputs(
        _normals,
        _at_once(_normal_extremes),
        ((6, 4), (1, 2), (2, 3, 4)),
        output=(2,),
        head=lambda: (keras.layers.Activation("softplus"),),
        column=False,
    ),
    "hinge_embedding": Inputs(extremes=_sign_extremes),
    "jensen_shannon": Inputs(
        _as_float32(_distributions),
        _at_once(_probability_extremes),
        ((6, 4), (1, 2), (2, 3, 4)),
        output=(4,),
        head=_softmax_head,
        column=False,
    ),
    "jsd": Inputs(_numbers, _split_extremes, ((6, 4), (6, 1, 4)), output=(4,), column=False),
    "ldam": Inputs(_numbers, _at_most(500), _CLASS_SHAPES, output=(4,), column=False),
    "margin_ranking": Inputs(_pairs, _score_extremes, ((6, 2), (1, 2), (2, 3, 2)), output=(2,), column=False),
    "multi_margin": Inputs(_numbers, _at_most(100), _CLASS_SHAPES, output=(4,), column=False),
    "soft_margin": Inputs(extremes=_sign_extremes),
    "weighted_kappa": Inputs(
        _as_float32(_numbers_and_distributions),
        _chance_extremes,
        _CLASS_SHAPES,
        output=(4,),
        head=_softmax_head,
        column=False,
    ),
}
