"""Random windows read from picture files, each brought to one size."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras.src.utils.backend_utils import DynamicBackend  # not exported by Keras

from kzoo.augmentations import RandomResizedCrop
from kzoo.augmentations.random_windows import NUMBERS, random_windows
from kzoo.data.source import Files, Split
from kzoo.problems import KzooError, Problem

Window = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # from indices of examples and a seed
Read = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # from a path and a window


def cuts_from_files(split: Split, augment: list) -> bool:
    """Whether the first augmentation cuts windows, and the pictures can be read by windows."""
    first = augment[0] if augment else None
    return (
        isinstance(first, RandomResizedCrop)
        and split.files is not None
        and split.files.read_window is not None
    )


def random_crops(files: Files, layer: RandomResizedCrop, shape: tuple[int, ...]) -> tuple[Window, Read]:
    """What draws windows for some examples, and what reads one.

    Args:
        files: The pictures.
        layer: How windows are drawn.
        shape: (height, width, channels) of an input.

    Raises:
        KzooError: If the layer makes pictures of another size.
    """
    height, width = shape[:2]
    made = (layer.height or height, layer.width or width)
    if made != (height, width):
        what = f"random_resized_crop makes pictures of {made[0]}×{made[1]}, the data has {height}×{width}"
        raise KzooError(Problem(what, hint="Leave out its height and width, and set data.image_size."))
    sizes, cut = tf.constant(files.sizes, tf.int32), files.read_window
    assert cut is not None

    def draw(indices: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        numbers = tf.random.stateless_uniform((tf.size(indices), NUMBERS), seed)
        found = tf.gather(sizes, indices)
        return random_windows(
            DynamicBackend("tensorflow"), numbers, found[:, 0], found[:, 1], layer.scale, layer.ratio
        )

    return draw, lambda path, window: brought_to(cut(path, window), height, width)


def brought_to(picture: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """A picture in another size: every pixel the mean of its area where that is larger, else bilinear.

    Args:
        picture: uint8 of shape (rows, columns, channels).
        height, width: The new size.

    Returns:
        uint8.
    """
    shape = tf.shape(picture)
    smaller = shape[0] * shape[1] > height * width
    size = tf.constant([height, width])

    def by_area() -> tf.Tensor:
        return tf.raw_ops.ResizeArea(images=picture[None], size=size)[0]

    def bilinear() -> tf.Tensor:
        return tf.raw_ops.ResizeBilinear(images=picture[None], size=size, half_pixel_centers=True)[0]

    values = tf.cond(smaller, by_area, bilinear)
    return tf.ensure_shape(tf.cast(values + 0.5, tf.uint8), (height, width, picture.shape[-1]))
