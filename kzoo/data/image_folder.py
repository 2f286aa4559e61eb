"""Pictures in class folders."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

from kzoo.data.class_folders import Pictures, find_pictures
from kzoo.data.pictures import broken, checked_size, read_picture, resize
from kzoo.data.source import Files, Source, Split, fingerprint_facts
from kzoo.problems import KzooError, KzooWarning, Problem

_IN_MEMORY_BELOW = 1 << 30  # bytes; more is decoded anew each epoch
_SHOWN = 20  # bad files that are listed before the rest is only counted


def image_folder(
    path: str, image_size: int | list[int] | None = None, channels: int = 3, on_bad_image: str = "stop"
) -> Source:
    """Pictures in class folders, or in `train/` and `test/` (and `validation/`) with class folders in each.

    Args:
        path: The folder. JPEG, PNG, GIF (first frame), BMP and WebP files count as pictures, whatever they are called;
            hidden files are ignored.
        image_size: Height and width, or one number for both; pictures of other sizes are resized. Default: none, all
            pictures have one size.
        channels: 3 for colours, 1 for grey, 4 for colours and alpha; pictures are converted. Default 3.
        on_bad_image: `"stop"`: a file that isn't a picture, or is broken, is an error. `"skip"`: it is left out, with
            a warning.

    Every picture is decoded once at the start. Up to 1 GiB are then kept in memory as uint8; beyond that pictures are
    decoded as they are needed, in a new order each epoch.

    Returns:
        The data; classes are the folders' names, sorted.

    Raises:
        KzooError: If the folder has another layout, pictures are bad (all are listed), or they differ in size.

    What differs from `keras.utils.image_dataset_from_directory`: a text file or a broken picture is noticed before the
    training, and a size of 256×256 isn't forced on anybody.
    """
    size = checked_size(image_size)
    if channels not in (1, 3, 4):
        raise KzooError(f"channels: expected 1, 3 or 4, got {channels!r}")
    if on_bad_image not in ("stop", "skip"):
        raise KzooError(f"on_bad_image: expected stop or skip, got {on_bad_image!r}")
    found = find_pictures(Path(path))
    all_files = [each for files in found.files.values() for each in files]
    decoded = _Decoded(found, [str(file) for file, _ in all_files], size, channels)
    if found.bad:
        _report(found, on_bad_image)
    parts, begin = {}, 0
    for part, files in found.files.items():
        here = np.arange(begin, begin + len(files))
        labels = np.array([label for _, label in files], np.int64)
        good = decoded.good[here]
        parts[part] = decoded.split(here[good], labels[good])
        _check_classes(found, part, labels[good])
        begin += len(files)
    facts = [(found.short(file), file.stat().st_size, file.stat().st_mtime_ns) for file, _ in all_files]
    return Source(
        train=parts["train"],
        test=parts.get("test"),
        validation=parts.get("validation"),
        input_shape=decoded.shape,
        input_dtype="uint8",
        num_classes=len(found.classes),
        class_names=found.classes,
        scale=1 / 255,
        fingerprint=fingerprint_facts([*facts, decoded.shape]),
    )


class _Decoded:
    """All pictures decoded once: which are good, what shape they have, and the pictures if they fit in memory."""

    def __init__(self, found: Pictures, paths: list[str], size: tuple[int, int] | None, channels: int):
        self.paths = np.array(paths, str)
        self.channels = channels
        self.good = np.zeros(len(paths), bool)
        self.resized = size is not None
        self.shape = (*(size or self._first_size()), channels)
        in_memory = len(paths) * np.prod(self.shape, dtype=np.int64) <= _IN_MEMORY_BELOW
        self.pictures = np.empty((len(paths), *self.shape), np.uint8) if in_memory else None
        other = self._decode()
        for index in np.flatnonzero(~self.good):
            if index not in other:
                found.bad[Path(paths[index])] = self._fault(paths[index])
        if other:
            _report_sizes(found, [Path(each) for each in paths], self.shape, other, self.good)

    def _first_size(self) -> tuple[int, int]:
        for path in self.paths:
            try:
                height, width, _ = read_picture(path, self.channels).shape
                return height, width
            except tf.errors.OpError:
                continue
        return 0, 0

    def _decode(self) -> dict[int, tuple[int, int]]:
        """Fills `good` and `pictures`; returns the sizes of pictures that have another one."""
        nothing = tf.zeros(self.shape if self.pictures is not None else (0,), tf.uint8)

        def decode(index: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            picture = read_picture(path, self.channels)
            picture = resize(picture, *self.shape[:2]) if self.resized else picture
            size = tf.shape(picture)[:2]
            if self.pictures is None:
                return index, size, nothing
            return (
                index,
                size,
                tf.cond(tf.reduce_all(size == self.shape[:2]), lambda: picture, lambda: nothing),
            )

        numbered = tf.data.Dataset.from_tensor_slices(self.paths).enumerate()
        read = numbered.map(decode, num_parallel_calls=tf.data.AUTOTUNE).ignore_errors()
        other = {}
        for indices, sizes, pictures in read.batch(64).prefetch(2).as_numpy_iterator():
            fits = (sizes == self.shape[:2]).all(axis=1)
            self.good[indices[fits]] = True
            other.update({int(i): tuple(map(int, size)) for i, size in zip(indices[~fits], sizes[~fits])})
            if self.pictures is not None:
                self.pictures[indices[fits]] = pictures[fits]
        return other

    def _fault(self, path: str) -> str:
        try:
            read_picture(path, self.channels)
        except tf.errors.OpError as error:
            return broken(error)
        return "could be decoded only now: it is being written to"

    def split(self, indices: np.ndarray, labels: np.ndarray) -> Split:
        if self.pictures is not None:
            all_of_them = len(indices) and len(indices) == indices[-1] - indices[0] + 1
            rows = slice(indices[0], indices[-1] + 1) if all_of_them else indices  # a slice copies nothing
            return Split.of_arrays(self.pictures[rows], labels)
        channels, shape = self.channels, self.shape
        return Split.of_files(
            Files(self.paths[indices], labels, lambda path: resize(read_picture(path, channels), *shape[:2]))
        )


def _report(found: Pictures, on_bad_image: str) -> None:
    """Raises or warns about the bad files."""
    lines = [f"{found.short(path)} {reason}" for path, reason in sorted(found.bad.items())]
    shown = "\n      ".join(lines[:_SHOWN])
    more = f"\n      and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
    files = "1 file" if len(lines) == 1 else f"{len(lines):,} files"
    if on_bad_image == "skip":
        text = f"{found.root}: left out {files}\n      {shown}{more}"
        warnings.warn(text, KzooWarning, stacklevel=3)
        return
    hint = "Repair or remove them, or set on_bad_image: skip to train without them."
    verb = "isn't a picture" if len(lines) == 1 else "aren't pictures"
    raise KzooError(Problem(f"{found.root}: {files} {verb} that can be read\n      {shown}{more}", hint=hint))


def _report_sizes(
    found: Pictures,
    paths: list[Path],
    shape: tuple[int, ...],
    other: dict[int, tuple[int, int]],
    good: np.ndarray,
) -> None:
    second, (height, width) = min(other.items())
    first = int(np.flatnonzero(good)[0])
    seen = (
        f"{found.short(paths[first])} is {shape[0]}×{shape[1]}, {found.short(paths[second])} {height}×{width}"
    )
    hint = f"Set image_size, [{shape[0]}, {shape[1]}] for example, and all are brought to that size."
    raise KzooError(Problem(f"{found.root}: pictures differ in size (height×width): {seen}", hint=hint))


def _check_classes(found: Pictures, part: str, labels: np.ndarray) -> None:
    """Every class needs a picture to train on; a part must not be empty."""
    missing = [name for number, name in enumerate(found.classes) if number not in labels]
    if len(labels) == 0 or (part == "train" and missing):
        what = f"class '{missing[0]}'" if part == "train" else f"part '{part}'"
        raise KzooError(f"{found.root}: no picture of {what} is left after leaving out the bad files")
