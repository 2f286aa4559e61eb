"""References of losses that look at whole depth maps: each map by itself, in NumPy."""

from __future__ import annotations

import keras
import numpy as np

from ..formulas import Array, Formula
from ..loss_inputs import Inputs

_PAIR, _CLOSED = ("y_true", "y_pred"), "closed form in float64"


def _by_map(one, y_true: Array, y_pred: Array, **arguments) -> tuple[Array, Array]:
    values, slopes = zip(*(one(y, p, **arguments) for y, p in zip(y_true, y_pred)))
    return np.mean(values), np.stack(slopes) / len(y_true)


def silog(y_true, y_pred, weight=0.5, root=False, epsilon=1e-3):
    def one(y, p):
        seen, slope = y > 0, np.zeros_like(p)
        d = np.log(p[seen]) - np.log(y[seen])
        value = (d**2).mean() - weight * d.mean() ** 2
        slope[seen] = (2 * d - 2 * weight * d.mean()) / d.size / p[seen]
        return (np.sqrt(value), slope / (2 * np.sqrt(value))) if root else (value, slope)

    return _by_map(one, y_true, y_pred)


def depth_gradient(y_true, y_pred, scales=1):
    def one(y, p):
        value, slope = 0.0, np.zeros_like(p)
        for step in 2 ** np.arange(scales):
            rows, columns = range(0, y.shape[0], step), range(0, y.shape[1], step)
            for moved in ((step, 0), (0, step)):
                pairs = [((r, c), (r + moved[0], c + moved[1])) for r in rows for c in columns]
                pairs = [(a, b) for a, b in pairs if b[0] < y.shape[0] and b[1] < y.shape[1]]
                pairs = [(a, b) for a, b in pairs if y[a] > 0 and y[b] > 0]
                for a, b in pairs:
                    change = (p[b] - y[b] - p[a] + y[a]).item()
                    value += abs(change) / len(pairs)
                    slope[b] += np.sign(change) / len(pairs)
                    slope[a] -= np.sign(change) / len(pairs)
        return value, slope

    return _by_map(one, y_true, y_pred)


def scale_shift_invariant(y_true, y_pred):
    def one(y, p):
        seen, slope = y > 0, np.zeros_like(p)
        columns = np.stack([p[seen], np.ones(seen.sum())], axis=1)
        (scale, shift), *_ = np.linalg.lstsq(columns, y[seen], rcond=None)
        residual = scale * p[seen] + shift - y[seen]
        slope[seen] = scale * residual / seen.sum()
        return (residual**2).mean() / 2, slope

    return _by_map(one, y_true, y_pred)


def _depths(generator, shape):
    """Depths of some metres; here and there the sensor saw nothing."""
    y_true, y_pred = generator.uniform(0.5, 5, size=(2, *shape))
    holes = generator.uniform(size=shape) < 0.2
    holes[..., :1, :1] = False
    return np.where(holes, generator.choice([0.0, -1.0], size=shape), y_true), y_pred


def _floats(generator, shape):
    return tuple(each.astype("float32") for each in _depths(generator, shape))


def _extremes(dtype):
    depths = np.array([100.0, 1.0, 0.5, 3e-3, 0.0, -7.0])[None, :, None, None] * np.ones((1, 1, 3, 1))
    for y_true in (depths, depths * 0, np.ones_like(depths), depths[:, ::-1]):
        for y_pred in (depths, depths * 0, np.ones_like(depths)):
            yield y_true, y_pred


_MAPS = ((1, 4, 5, 1), (2, 3, 4, 1), (3, 6, 5))


def _inputs(shapes=_MAPS, output=(4, 3, 1)):
    def head():
        return keras.layers.Activation("softplus"), keras.layers.Reshape(output)

    return Inputs(_floats, _extremes, shapes, lambda shape: shape[:1], output, head, column=False)


DEPTH_LOSSES = {
    "depth_gradient": Formula(
        _CLOSED, depth_gradient, (({}, (3, 4, 5, 1)), ({"scales": 3}, (2, 9, 6, 1))), _PAIR, _depths
    ),
    "scale_shift_invariant": Formula(
        _CLOSED, scale_shift_invariant, (({}, (3, 4, 5, 1)), ({}, (2, 9))), _PAIR, _depths
    ),
    "silog": Formula(
        _CLOSED,
        silog,
        (({}, (3, 4, 5, 1)), ({"weight": 0.85, "root": True}, (2, 9)), ({"weight": 0.0}, (2, 3, 3))),
        _PAIR,
        _depths,
    ),
}
DEPTH_INPUTS = {
    "depth_gradient": _inputs(),
    "scale_shift_invariant": _inputs((*_MAPS, (2, 7))),
    "silog": _inputs((*_MAPS, (2, 7), (1, 1))),
}
