"""References of losses on embeddings, and those that are closed forms: triplet by triplet."""

from __future__ import annotations

import keras
import numpy as np

from ..formulas import Array, Formula
from ..golden import Golden
from ..loss_inputs import Inputs

_OF_LABELS = (
    "contrastive",
    "n_pairs",
    "lifted_structure",
    "circle",
    "multi_similarity",
    "nt_xent",
    "sup_con",
)
_OF_VIEWS = ("vicreg", "barlow_twins")
_LABELS = np.array([0, 1, 0, 2, 1, 3, 2, 0])


def _distances(x: Array, distance: str) -> Array:
    apart = x[:, None] - x[None, :]
    return (apart**2).sum(-1) if distance == "squared_euclidean" else np.sqrt((apart**2).sum(-1))


def _slope(x: Array, by_distance: Array, distance: str) -> Array:
    """The gradient by the rows from that by the distances."""
    apart = x[:, None] - x[None, :]
    each = _distances(x, distance)[..., None]
    slope = 2 * apart if distance == "squared_euclidean" else apart / np.where(each > 0, each, 1)
    return ((by_distance + by_distance.T)[..., None] * slope).sum(1)


def triplet_hard(
    labels: Array, x: Array, margin=1.0, soft=False, distance="euclidean"
) -> tuple[Array, Array]:
    d, by_distance, losses = _distances(x, distance), np.zeros((len(x), len(x))), []
    for a in range(len(x)):
        own = [i for i in range(len(x)) if labels[i] == labels[a] and i != a]
        others = [i for i in range(len(x)) if labels[i] != labels[a]]
        if not own or not others:
            continue
        p, n = max(own, key=lambda i: d[a, i]), min(others, key=lambda i: d[a, i])
        difference = d[a, p] - d[a, n]
        losses.append(np.log1p(np.exp(difference)) if soft else max(difference + margin, 0))
        steep = 1 / (1 + np.exp(-difference)) if soft else float(losses[-1] > 0)
        by_distance[a, p] += steep
        by_distance[a, n] -= steep
    return np.mean(losses), _slope(x, by_distance / len(losses), distance)


def triplet_semi_hard(labels: Array, x: Array, margin=1.0, distance="euclidean") -> tuple[Array, Array]:
    d, by_distance, losses = _distances(x, distance), np.zeros((len(x), len(x))), []
    for a in range(len(x)):
        others = [i for i in range(len(x)) if labels[i] != labels[a]]
        for p in range(len(x)):
            if labels[p] != labels[a] or p == a:
                continue
            farther = [i for i in others if d[a, i] > d[a, p]]
            n = min(farther, key=lambda i: d[a, i]) if farther else max(others, key=lambda i: d[a, i])
            losses.append(max(d[a, p] - d[a, n] + margin, 0))
            if losses[-1] > 0:
                by_distance[a, p] += 1
                by_distance[a, n] -= 1
    return np.mean(losses), _slope(x, by_distance / len(losses), distance)


def _labels_and_rows(generator, shape):
    # Halves and such: numbers that half precision holds exactly.
    return _LABELS[: shape[0]], np.round(generator.normal(size=shape) * 32) / 32


def _numbers(generator, shape):
    y_true = generator.integers(0, 3, size=shape[:1])
    return y_true.astype("float32"), generator.normal(size=shape).astype("float32")


def _extremes(dtype):
    # Beyond float16 are the squares of large distances, and the slopes of short rows.
    large, small = (20.0, 1e-2) if dtype == "float16" else (1e4, 1e-6)
    rows = np.random.default_rng(0).normal(size=(6, 3))
    same = np.ones((6, 3))
    pairs = np.repeat(rows[:3], 2, axis=0)
    opposite = rows * np.array([1, -1, 1, -1, 1, -1])[:, None]
    nearly = np.ones((6, 3)) + 1e-3 * rows
    for y_pred in (rows * large, rows * small, same, same * large, 0 * same, pairs, opposite, nearly):
        for labels in ([0, 0, 1, 1, 2, 2], [0] * 6, range(6), [0, 1, 2, 0, 1, 2], [3, 0, 0, 0, 0, 0]):
            yield np.array(labels, "float64"), y_pred
    yield np.zeros(1), rows[:1]


def _of_views(generator, shape):
    return tuple(generator.normal(size=shape).astype("float32") for _ in range(2))


def _view_extremes(dtype):
    rows = np.random.default_rng(0).normal(size=(6, 2, 3))
    large = 3.0 if dtype == "float16" else 1e4  # a covariance squared is a fourth power
    for y_pred in (rows, rows * large, rows * 1e-6, 0 * rows, np.ones((6, 2, 3)), rows[:1]):
        yield np.zeros(len(y_pred)), y_pred


def _views_head():
    return (keras.layers.Reshape((2, 4)),)


def _closed_form(function, *arguments):
    return Formula(
        "closed form in float64, as TensorFlow Addons has it",
        function,
        tuple((each, (7 if number % 2 else 8, 5)) for number, each in enumerate(({}, *arguments))),
        ("y_true", "y_pred"),
        _labels_and_rows,
    )


_SQUARED = {"margin": 4.0, "distance": "squared_euclidean"}
METRIC_LEARNING_LOSSES = {
    **{name: Golden("metric_learning") for name in (*_OF_LABELS, *_OF_VIEWS, "triplet_all")},
    "triplet_hard": _closed_form(triplet_hard, {"soft": True}, _SQUARED),
    "triplet_semi_hard": _closed_form(triplet_semi_hard, _SQUARED, {"margin": 0.5}),
}
METRIC_LEARNING_INPUTS = {
    name: Inputs(
        _numbers,
        _extremes,
        ((1, 4), (7, 3), (12, 5)),
        lambda shape: shape[:1],
        output=(4,),
        column=False,
    )
    for name in (*_OF_LABELS, "triplet_all", "triplet_hard", "triplet_semi_hard")
} | {
    name: Inputs(
        _of_views,
        _view_extremes,
        ((2, 2, 3), (7, 2, 5)),
        lambda shape: shape[:1],
        output=(2, 4),
        head=_views_head,
        column=False,
    )
    for name in _OF_VIEWS
}
