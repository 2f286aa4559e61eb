"""Reading picture files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from kzoo.problems import KzooError, Problem

_KINDS = "JPEG, PNG, GIF, BMP or WebP"
_HEAD = 2048  # bytes; enough for the colour table of a BMP


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
        tf.errors.OpError: If it is broken. Call `why_not_a_picture` first: TensorFlow doesn't survive every file.
    """
    decoded = tf.io.decode_image(tf.io.read_file(path), channels=0, expand_animations=False)
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


def why_not_a_picture(path: Path) -> str:
    """What keeps a file from being a picture, judged by how it begins; "" if nothing does."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return "doesn't exist"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if not head:
        return "is empty"
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return ""
    if head.startswith(b"BM"):
        return _why_not_a_bmp(head)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        # TensorFlow's decoder writes past its memory on animations.
        animated = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & 2
        return "is an animated WebP, which isn't supported" if animated else ""
    return "is not a picture"


def _why_not_a_bmp(head: bytes) -> str:
    """TensorFlow knows BMP files of 24 and 32 bits, and those of 8 bits where these are grey values."""
    if len(head) < 54:
        return "is broken: it ends in the header"
    bits, compression = int.from_bytes(head[28:30], "little"), int.from_bytes(head[30:34], "little")
    start = 14 + int.from_bytes(head[14:18], "little")
    table = np.frombuffer(head[start : start + 1024], np.uint8)
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 4).reshape(256, 4)
    grey = table.size == 1024 and np.array_equal(table.reshape(256, 4)[:, :3], ramp[:, :3])
    if compression in (0, 3) and (bits in (24, 32) or (bits == 8 and grey)):
        return ""
    return "is a BMP with a colour table or compression, which isn't supported: save it as PNG"


def broken(error: tf.errors.OpError) -> str:
    """What TensorFlow says of a picture that it can't decode, in short."""
    return "is broken: " + error.message.rpartition("}}")[2].partition("[Op:")[0].strip().rstrip(".")
