"""References of losses between pictures, and of sums of losses."""

from __future__ import annotations

import keras
import numpy as np

from ..golden import Golden
from ..loss_inputs import Inputs, real_extremes
from .losses_depth import DEPTH_INPUTS


def _pictures(generator, shape):
    return tuple(generator.uniform(size=shape).astype("float32") for _ in range(2))


def _extremes(size):
    def pairs(dtype):
        board = np.indices((size, size)).sum(axis=0)[None, :, :, None] % 2.0
        flat = np.ones_like(board)
        for y_true in (board, flat, 0 * flat):
            for y_pred in (board, 1 - board, flat, 0 * flat, 1e-40 * board, -board, 1e4 * board, 1e4 * flat):
                yield y_true, y_pred

    return pairs


def _head(*shape):
    return lambda: (keras.layers.Activation("sigmoid"), keras.layers.Reshape(shape))


def _inputs(shapes, size, output):
    return Inputs(
        _pictures, _extremes(size), shapes, lambda shape: shape[:1], output, _head(*output), column=False
    )


def _with_map(generator, shape):
    picture = generator.uniform(size=(*shape[:-1], 3)).astype("float32")
    return picture, generator.uniform(0.1, 2, size=shape).astype("float32")


def _map_extremes(dtype):
    board = np.indices((4, 5)).sum(axis=0)[None, :, :, None] % 2.0
    for picture in (board, 0 * board, 1e4 * board):
        for depth in (board, 0 * board, -board, 1e-40 * board, 1e4 * board, 0 * board + 1):
            yield np.repeat(picture, 3, axis=-1), depth


def _depth_extremes(dtype):
    for y_true, y_pred in DEPTH_INPUTS["depth_gradient"].extremes(dtype):
        yield tuple(np.tile(each, (1, 2, 4, 1)) for each in (y_true, y_pred))


def _squares_in_range(dtype):
    return ((y_true / 100, y_pred / 100) for y_true, y_pred in real_extremes(dtype))


PICTURE_LOSSES = {
    **{name: Golden("picture_losses") for name in ("edge_aware_smoothness", "ms_ssim", "ssim")},
    **{name: Golden("mixed_losses") for name in ("depth_mixture", "weighted_sum")},
}
PICTURE_INPUTS = {
    "depth_mixture": Inputs(
        lambda generator, shape: tuple(1 + each for each in _pictures(generator, shape)),
        _depth_extremes,
        ((1, 11, 11, 1), (2, 12, 13, 1)),
        lambda shape: shape[:1],
        (11, 11, 1),
        _head(11, 11, 1),
        column=False,
    ),
    "edge_aware_smoothness": Inputs(
        _with_map,
        _map_extremes,
        ((1, 1, 1, 1), (1, 1, 4, 1), (3, 4, 5, 1)),
        lambda shape: shape[:1],
        (4, 3, 1),
        _head(4, 3, 1),
        column=False,
    ),
    "ms_ssim": _inputs(((1, 9, 9, 1), (2, 13, 10, 2)), 12, (9, 9, 1)),
    "ssim": _inputs(((1, 11, 11, 1), (2, 13, 12, 3)), 12, (11, 11, 1)),
    "weighted_sum": Inputs(extremes=_squares_in_range),
}
