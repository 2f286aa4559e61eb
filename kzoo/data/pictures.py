"""Reading picture files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from kzoo.data.picture_headers import why_not_a_picture
from kzoo.problems import KzooError, Problem

_KINDS = "JPEG, PNG, GIF, BMP or WebP"


def read_pictures(paths: Sequence[str | Path], input_shape: tuple[int, ...]) -> np.ndarray:
    """Pictures in the shape that a model takes.

    Args:
        paths: Picture files: JPEG, PNG, GIF (its first frame), BMP or WebP.
        input_shape: (height, width, channels); 1, 3 or 4 channels.

    Returns:
        uint8 of shape (files, height, width, channels). Colours become grey and grey colours as needed; a transparent
        background is ignored; other sizes are resized, bilinear and antialiased.

    Raises:
        KzooError: If files can't be read as pictures: all of them, by name. Or if no picture has that shape.
    """
    if len(input_shape) != 3 or input_shape[2] not in (1, 3, 4):
        raise KzooError(
            f"expected a model that takes pictures (height, width, 1, 3 or 4), it takes {input_shape}"
        )
    height, width, channels = input_shape
    result = np.empty((len(paths), height, width, channels), np.uint8)
    problems = []
    for index, path in enumerate(paths):
        reason = why_not_a_picture(Path(path))
        if not reason:
            try:
                result[index] = resize(read_picture(str(path), channels), height, width).numpy()
            except tf.errors.OpError as error:
                reason = broken(error)
        if reason:
            problems.append(Problem(f"{path} {reason}", hint=f"Expected a picture: {_KINDS}."))
    if problems:
        raise KzooError(problems)
    return result


def read_picture(path: tf.Tensor | str, channels: int) -> tf.Tensor:
    """One picture, uint8 of shape (height, width, channels). Works in tf.data too.

    Raises:
        tf.errors.OpError: If it is broken. Call `kzoo.data.picture_headers.why_not_a_picture` first: TensorFlow doesn't
            survive every file.
    """
    decoded = tf.io.decode_image(tf.io.read_file(path), channels=0, expand_animations=False)
    return _in_channels(decoded, channels)


def read_window(path: tf.Tensor | str, window: tf.Tensor | None, channels: int) -> tf.Tensor:
    """A window of a picture; of a JPEG no more than that is decoded.

    Args:
        path: The file.
        window: Top, left, height, width in pixels; None for the whole picture.
        channels: As for `read_picture`.

    Returns:
        uint8, the same values as those of the whole picture there. Colours of a JPEG are scaled up without smoothing,
        which would look beyond the window.
    """
    content = tf.io.read_file(path)

    def of_jpeg() -> tf.Tensor:
        if window is None:
            return tf.io.decode_jpeg(content, fancy_upscaling=False)
        return tf.io.decode_and_crop_jpeg(content, window, fancy_upscaling=False)

    def of_others() -> tf.Tensor:
        decoded = tf.io.decode_image(content, channels=0, expand_animations=False)
        return decoded if window is None else cut_out(decoded, window)

    is_jpeg = tf.strings.substr(content, 0, 3) == b"\xff\xd8\xff"
    return _in_channels(tf.cond(is_jpeg, of_jpeg, of_others), channels)


def cut_out(picture: tf.Tensor, window: tf.Tensor) -> tf.Tensor:
    """A window (top, left, height, width) of a picture in memory."""
    window = tf.cast(window, tf.int32)
    cut = tf.slice(picture, [window[0], window[1], 0], [window[2], window[3], -1])
    return tf.ensure_shape(cut, (None, None, picture.shape[-1]))


def _in_channels(decoded: tf.Tensor, channels: int) -> tf.Tensor:
    """Colours as grey, grey as colours, with or without alpha, as wanted."""
    found = tf.shape(decoded)[-1]  # grey, grey and alpha, colours, colours and alpha
    grey = found <= 2
    if channels == 1:
        pick = tf.cond(grey, lambda: decoded[..., :1], lambda: tf.image.rgb_to_grayscale(decoded[..., :3]))
    else:
        pick = tf.cond(grey, lambda: tf.repeat(decoded[..., :1], 3, axis=-1), lambda: decoded[..., :3])
    if channels == 4:
        opaque = tf.fill(tf.shape(decoded[..., :1]), tf.constant(255, tf.uint8))
        alpha = tf.cond(found % 2 == 0, lambda: decoded[..., -1:], lambda: opaque)
        pick = tf.concat([pick, alpha], axis=-1)
    return tf.ensure_shape(pick, (None, None, channels))


def resize(picture: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """The picture in another size, uint8; unchanged where it has that size."""

    def resized() -> tf.Tensor:
        values = tf.image.resize(picture, (height, width), antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(values), 0, 255), tf.uint8)

    fits = tf.reduce_all(tf.shape(picture)[:2] == (height, width))
    result = tf.cond(fits, lambda: picture, resized)
    return tf.ensure_shape(result, (height, width, picture.shape[-1]))


def checked_size(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Height and width, from what a recipe has as `image_size`."""
    if size is None:
        return None
    sides = [size, size] if isinstance(size, int) else list(size) if isinstance(size, Sequence) else []
    if len(sides) != 2 or any(
        isinstance(side, bool) or not isinstance(side, int) or side < 1 for side in sides
    ):
        raise KzooError(f"image_size: expected [height, width] or one whole number for both, got {size!r}")
    return sides[0], sides[1]


def broken(error: tf.errors.OpError) -> str:
    """What TensorFlow says of a picture that it can't decode, in short."""
    return "is broken: " + error.message.rpartition("}}")[2].partition("[Op:")[0].strip().rstrip(".")
