"""Pictures of balls before a wall, and how far away each pixel is: a depth task that a program makes."""

from __future__ import annotations

import numpy as np

from kzoo.data.source import Source, Split, fingerprint_arrays

_SEED = 20_261_121  # of the scenes, which never change
_TRAIN, _TEST, _BALLS = 1_600, 400, 4
_UNSEEN = 0.02  # share of the pixels where the sensor saw nothing


def depth_shapes(size: int = 32) -> Source:
    """2,000 grey pictures of four balls before a slanted wall, with their depth in metres: 1,600 to train, 400 to test.

    The light sits at the camera and fades with the square of the distance, so that brightness and shading tell the
    depth; each thing has a grey of its own, so that brightness alone doesn't. Depths are from 1.5 m to 7 m, and 0
    where the sensor saw nothing, a fiftieth of the pixels. The scenes never change.

    Args:
        size: Height and width of the pictures in pixels, from 8.

    Returns:
        The data: inputs uint8 `(size, size, 1)`, scaled to 0..1, targets float32 `(size, size, 1)`.

    Raises:
        ValueError: If `size` is below 8.

    >>> from kzoo.data.depth_shapes import depth_shapes
    >>> source = depth_shapes()
    >>> source.train.count, source.test.count, source.input_shape, source.num_classes
    (1600, 400, (32, 32, 1), None)
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 8:
        raise ValueError(f"`size` must be an integer from 8. Received: size={size!r}")
    pictures, depths = _scenes(np.random.default_rng(_SEED), _TRAIN + _TEST, size)
    return Source(
        train=Split.of_arrays(pictures[:_TRAIN], depths[:_TRAIN]),
        test=Split.of_arrays(pictures[_TRAIN:], depths[_TRAIN:]),
        input_shape=pictures.shape[1:],
        input_dtype="uint8",
        num_classes=None,
        scale=1 / 255,
        fingerprint=fingerprint_arrays(pictures, depths),
    )


def _scenes(generator: np.random.Generator, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and depths of scenes that are drawn at random; all rays are parallel."""
    across = np.linspace(-1, 1, size)
    x, y = across[None, None, :], across[None, :, None]
    one = (count, 1, 1)
    slope_x, slope_y = generator.uniform(-0.7, 0.7, size=(2, *one))
    depth = generator.uniform(4.5, 5.5, size=one) + slope_x * x + slope_y * y
    facing = np.broadcast_to(1 / np.sqrt(1 + slope_x**2 + slope_y**2), depth.shape)
    grey = np.broadcast_to(generator.uniform(0.5, 1, size=one), depth.shape)
    for _ in range(_BALLS):
        radius = generator.uniform(0.2, 0.6, size=one)
        center_x, center_y = generator.uniform(-0.9, 0.9, size=(2, *one))
        towards = radius**2 - (x - center_x) ** 2 - (y - center_y) ** 2
        height = np.sqrt(np.maximum(towards, 0))
        front = generator.uniform(2.2, 4, size=one) - height
        seen = (towards > 0) & (front < depth)
        depth, facing = np.where(seen, front, depth), np.where(seen, height / radius, facing)
        grey = np.where(seen, generator.uniform(0.5, 1, size=one), grey)
    light = 4 * grey * facing / depth**2 + generator.normal(scale=0.01, size=depth.shape)
    pictures = np.rint(255 * np.clip(light, 0, 1)).astype(np.uint8)
    depth = np.where(generator.uniform(size=depth.shape) < _UNSEEN, 0, depth)
    return pictures[..., None], depth[..., None].astype(np.float32)
