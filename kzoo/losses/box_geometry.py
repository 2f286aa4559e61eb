"""What losses between boxes measure; a box is x1, y1, x2, y2."""

from __future__ import annotations

from typing import Any

from keras import ops

from kzoo.losses.precision import at_least_float32

Box = list[Any]


def corners(y_true: Any, y_pred: Any) -> tuple[Box, Box]:
    """Boxes of targets and predictions as four tensors each, in float32 at least.

    Raises:
        ValueError: If the last axis isn't 4.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    for name, boxes in (("y_true", y_true), ("y_pred", y_pred)):
        if not boxes.shape or boxes.shape[-1] != 4:
            raise ValueError(f"Expected boxes, a last axis of 4. Received: {name}.shape={boxes.shape}")
    return tuple([each[..., i] for i in range(4)] for each in at_least_float32(y_true, y_pred))


def size(box: Box) -> tuple[Any, Any]:
    """Width and height."""
    return box[2] - box[0], box[3] - box[1]


def intersection_over_union(target: Box, box: Box, epsilon: float) -> tuple[Any, Any]:
    """Intersection over union, and the union."""
    width = ops.minimum(target[2], box[2]) - ops.maximum(target[0], box[0])
    height = ops.minimum(target[3], box[3]) - ops.maximum(target[1], box[1])
    shared = ops.relu(width) * ops.relu(height)
    areas = ((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (target, box))
    union = sum(areas) - shared
    return shared / (union + epsilon), union


def around(target: Box, box: Box) -> tuple[Any, Any]:
    """Width and height of the smallest box around both."""
    width = ops.maximum(target[2], box[2]) - ops.minimum(target[0], box[0])
    height = ops.maximum(target[3], box[3]) - ops.minimum(target[1], box[1])
    return width, height


def between_centres(target: Box, box: Box) -> tuple[Any, Any]:
    """How far the target's centre is across and down from the prediction's."""
    return (target[0] + target[2] - box[0] - box[2]) / 2, (target[1] + target[3] - box[1] - box[3]) / 2


def apart(target: Box, box: Box, epsilon: float) -> Any:
    """The squared distance of the centres by the squared diagonal around both."""
    width, height = around(target, box)
    across, down = between_centres(target, box)
    return (ops.square(across) + ops.square(down)) / (ops.square(width) + ops.square(height) + epsilon)


def angle(box: Box, epsilon: float) -> Any:
    """The arc tangent of width by height; heights below epsilon count as it."""
    width, height = size(box)
    return ops.arctan(width / ops.maximum(height, epsilon))
