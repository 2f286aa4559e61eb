"""All pictures of a folder decoded once: which are good, which size they have, and where they are kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kzoo.data.class_folders import Pictures
from kzoo.data.picture_headers import picture_size
from kzoo.data.picture_store import Store, cache_folder, in_memory, on_disk
from kzoo.data.pictures import broken, cut_out, read_picture, read_window, resize
from kzoo.data.source import Files, Split, fingerprint_facts
from kzoo.problems import KzooError, Problem

CACHES = ("auto", "memory", "disk", "none")
_IN_MEMORY_BELOW = 1 << 30  # bytes
_ON_DISK_BELOW = 64 << 30
_FORMAT = 1  # of what is kept on disk: another number, another folder


class Decoded:
    """A folder's pictures.

    Args:
        paths: Their files.
        shape: (height, width, channels) of an input.
        full_size: Whether windows are to be cut from the pictures as they are in their files.
        store: Where they are kept decoded, if they are.
        sizes: Height and width in the file, of each.
        good: Which of them could be decoded.
        notes: What was decided, for people.
    """

    def __init__(
        self,
        paths: np.ndarray,
        shape: tuple[int, ...],
        full_size: bool,
        store: Store | None,
        sizes: np.ndarray,
        good: np.ndarray,
        notes: tuple[str, ...],
    ):
        self.paths, self.shape, self.full_size, self.store = paths, shape, full_size, store
        self.sizes, self.good, self.notes = sizes, good, notes

    def split(self, indices: np.ndarray, labels: np.ndarray) -> Split:
        """Some of them with their labels, as a part of a dataset."""
        height, width, channels = self.shape
        store = self.store
        if self.full_size:
            if store is not None:
                picture, keys = store.picture(), indices
                whole, window = picture, lambda row, place: cut_out(picture(row), place)
            else:
                keys = self.paths[indices]
                whole = lambda path: read_window(path, None, channels)  # noqa: E731
                window = lambda path, place: read_window(path, place, channels)  # noqa: E731
            read = lambda key: resize(whole(key), height, width)  # noqa: E731
            return Split.of_files(Files(keys, labels, read, sizes=self.sizes[indices], read_window=window))
        if store is None:
            return Split.of_files(
                Files(
                    self.paths[indices],
                    labels,
                    lambda path: resize(read_picture(path, channels), height, width),
                )
            )
        if store.folder is None:
            all_of_them = len(indices) and len(indices) == indices[-1] - indices[0] + 1
            rows = slice(indices[0], indices[-1] + 1) if all_of_them else indices  # a slice copies nothing
            return Split.of_arrays(store.values.reshape(len(self.good), *self.shape)[rows], labels)
        batch = store.batch()
        return Split.of_files(Files(indices, labels, lambda row: batch(row[None])[0], read_many=batch))


def decoded(
    found: Pictures,
    files: list[Path],
    key: str,
    size: tuple[int, int] | None,
    channels: int,
    cache: str,
    full_size: bool,
) -> Decoded:
    """Decodes all files once, unless they are found decoded on disk, and notes the bad ones in `found.bad`.

    Args:
        found: What was found in the folder.
        files: The files to decode.
        key: What the files are, in short.
        size: Height and width to bring pictures to; None: all have one.
        channels: Channels wanted.
        cache: One of `CACHES`.
        full_size: Keep pictures as large as they are.

    Raises:
        KzooError: If pictures differ in size and no size is given, or the disk is full.
    """
    paths = np.array([str(file) for file in files], str)
    shape = (*(size or _first_size(paths, channels)), channels)
    sizes = np.array([picture_size(file) or (0, 0) for file in files], np.int64).reshape(-1, 2)
    kept = sizes if full_size else np.broadcast_to(np.array(shape[:2], np.int64), sizes.shape)
    read = _reader(shape, full_size, resized=size is not None)

    def fill(values: np.ndarray | None) -> dict[str, Any]:
        bad, other = _decode(paths, read, kept, values, channels)
        if other and (size is None or full_size):
            if size is None:
                _report_sizes(found, files, shape, other, bad)
            bad |= dict.fromkeys(other, "is broken: its header states another size")
        elif size is None and full_size:
            different = {
                index: tuple(map(int, each))
                for index, each in enumerate(sizes)
                if index not in bad and tuple(each) != shape[:2]
            }
            if different:
                _report_sizes(found, files, shape, different, bad)
        return {"bad": {str(index): reason for index, reason in bad.items()}}

    where, total = _chosen(cache, int(kept.prod(axis=1).sum()) * channels)
    store, notes = None, ()
    if where == "memory":
        store = in_memory(kept, channels, fill)
    elif where == "disk":
        name = fingerprint_facts([_FORMAT, key, shape, full_size, tf.__version__])
        store = on_disk(cache_folder(), name, kept, channels, fill)
        notes = (f"{total / 2**30:.2f} GiB of decoded pictures are kept in {store.folder}",)
    facts = store.facts if store is not None else fill(None)
    good = np.ones(len(paths), bool)
    for index, reason in facts["bad"].items():
        good[int(index)] = False
        found.bad[files[int(index)]] = reason
    return Decoded(paths, shape, full_size, store, sizes, good, notes)


def _chosen(cache: str, size: int) -> tuple[str, int]:
    """Where that many bytes are kept."""
    if cache != "auto":
        return cache, size
    if size <= _IN_MEMORY_BELOW:
        return "memory", size
    place = cache_folder()
    while not place.exists():
        place = place.parent
    fits = size <= _ON_DISK_BELOW and 2 * size <= shutil.disk_usage(place).free
    return ("disk" if fits else "none"), size


def _first_size(paths: np.ndarray, channels: int) -> tuple[int, int]:
    for path in paths:
        try:
            height, width, _ = read_picture(path, channels).shape
            return height, width
        except tf.errors.OpError:
            continue
    return 0, 0


def _reader(shape: tuple[int, ...], full_size: bool, resized: bool) -> Callable[[tf.Tensor], tf.Tensor]:
    height, width, channels = shape
    if full_size:
        return lambda path: read_window(path, None, channels)
    if resized:
        return lambda path: resize(read_picture(path, channels), height, width)
    return lambda path: read_picture(path, channels)


def _decode(
    paths: np.ndarray,
    read: Callable[[tf.Tensor], tf.Tensor],
    sizes: np.ndarray,
    values: np.ndarray | None,
    channels: int,
) -> tuple[dict[int, str], dict[int, tuple[int, int]]]:
    """Decodes every file, into `values` if there is that; which are broken and why, and which have another size."""
    offsets = np.concatenate([[0], np.cumsum(sizes.prod(axis=1) * channels)])
    good, other = np.zeros(len(paths), bool), {}
    for index, size, picture in _each(paths, read, sizes, values is not None):
        if (size == sizes[index]).all():
            good[index] = True
            if values is not None:
                values[offsets[index] : offsets[index + 1]] = picture
        else:
            other[int(index)] = (int(size[0]), int(size[1]))
    bad = {int(index): _fault(paths[index], read) for index in np.flatnonzero(~good) if index not in other}
    return bad, other


def _each(
    paths: np.ndarray, read: Callable[[tf.Tensor], tf.Tensor], sizes: np.ndarray, wanted: bool
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number, size and, if wanted, the values of each picture that can be decoded and has its size."""
    nothing = tf.zeros((0,), tf.uint8)

    def decode(index: tf.Tensor, path: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, ...]:
        picture = read(path)
        found = tf.cast(tf.shape(picture)[:2], tf.int64)
        if not wanted:
            return index, found, nothing
        flat = tf.reshape(picture, (-1,))
        return index, found, tf.cond(tf.reduce_all(found == size), lambda: flat, lambda: nothing)

    numbered = tf.data.Dataset.from_tensor_slices((np.arange(len(paths)), paths, sizes))
    read_all = numbered.map(decode, num_parallel_calls=tf.data.AUTOTUNE).ignore_errors()
    yield from read_all.prefetch(64).as_numpy_iterator()


def _fault(path: str, read: Callable[[tf.Tensor], tf.Tensor]) -> str:
    try:
        read(path)
    except tf.errors.OpError as error:
        return broken(error)
    return "could be decoded only now: it is being written to"


def _report_sizes(
    found: Pictures,
    files: list[Path],
    shape: tuple[int, ...],
    other: dict[int, tuple[int, int]],
    bad: dict[int, str],
) -> None:
    second, (height, width) = min(other.items())
    first = next(index for index in range(len(files)) if index not in bad and index not in other)
    seen = (
        f"{found.short(files[first])} is {shape[0]}×{shape[1]}, {found.short(files[second])} {height}×{width}"
    )
    hint = f"Set image_size, [{shape[0]}, {shape[1]}] for example, and all are brought to that size."
    raise KzooError(Problem(f"{found.root}: pictures differ in size (height×width): {seen}", hint=hint))
