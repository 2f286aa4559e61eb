"""How far each pixel of a mask is from the other side of its edge."""

from __future__ import annotations

from typing import Any

from keras import ops

_FAR = 1e9  # beyond any squared distance in a picture


def squared_distances(mask: Any) -> Any:
    """The squared Euclidean distance from each pixel to the nearest one on the other side: in the mask, or out of it.

    Exact, one axis after another. An axis takes as many steps as it has pixels, each of them in the memory of one
    mask. No gradient flows through it.

    Args:
        mask: Booleans, `(batch, …, classes)`.

    Returns:
        float32 of the same shape, in pixels squared; 0 all over a map of a class that is all mask or none.
    """
    inside = ops.cast(mask, "float32")
    # Distances to what is outside, and to what is inside: one of the two is 0 at every pixel.
    far = _FAR * ops.concatenate([inside, 1 - inside], axis=-1)
    for axis in range(1, len(mask.shape) - 1):
        far = _along(far, axis)
    to_outside, to_inside = ops.split(ops.stop_gradient(far), 2, axis=-1)
    distances = to_outside + to_inside
    return ops.where(distances < _FAR / 2, distances, ops.zeros_like(distances))


def _along(far, axis):
    """min over k of what is at k plus (i - k)², for every place i along an axis."""
    size = ops.shape(far)[axis]
    shape = [-1 if each == axis else 1 for each in range(len(far.shape))]
    places = ops.reshape(ops.cast(ops.arange(size), far.dtype), shape)

    def nearer(k, nearest):
        there = ops.expand_dims(ops.take(far, k, axis=axis), axis)
        return ops.minimum(nearest, there + ops.square(places - ops.cast(k, far.dtype)))

    return ops.fori_loop(0, size, nearer, far)
