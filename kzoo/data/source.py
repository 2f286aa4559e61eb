"""What a dataset is: where its examples come from, and the facts that the rest of a recipe asks for."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

_SAMPLED_ABOVE = 1 << 24  # bytes; bigger arrays are fingerprinted by a sample of their rows


@dataclasses.dataclass(frozen=True, eq=False)
class Files:
    """Examples that are read one by one from files, in any order.

    Args:
        paths: File names, an array of strings; or numbers of pictures that are kept elsewhere.
        targets: Targets, in the same order.
        read: Turns a path (string tensor) into an input. Runs inside tf.data.
        read_many: Turns several into a batch of inputs, where that is one step.
        sizes: Height and width that each picture has in its file, where windows can be cut from them.
        read_window: Turns a path and a window (top, left, height, width) into that part of the picture, uint8.
    """

    paths: np.ndarray
    targets: np.ndarray
    read: Callable[[tf.Tensor], tf.Tensor]
    read_many: Callable[[tf.Tensor], tf.Tensor] | None = None
    sizes: np.ndarray | None = None
    read_window: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None

    def stream(self) -> tf.data.Dataset:
        """One example `(x, y)` at a time, in the order of `paths`, read in parallel."""
        import tensorflow as tf

        pairs = tf.data.Dataset.from_tensor_slices((self.paths, self.targets))
        return pairs.map(
            lambda path, y: (self.read(path), y), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """One part of a dataset: `train`, `validation` or `test`.

    Args:
        count: How many examples it has.
        arrays: Inputs and targets in memory, the first axis counting examples.
        stream: Returns a dataset of `(x, y)`, one example at a time, always in the same order. Given where there are
            no arrays.
        files: The same examples by file, where they can be read in any order; `stream` reads them in theirs.
        cache: Whether a mere stream's examples are kept in memory after the first epoch: `"memory"`, `"none"`, or
            `"auto"`, by their size.
    """

    count: int
    arrays: tuple[np.ndarray, np.ndarray] | None = None
    stream: Callable[[], tf.data.Dataset] | None = None
    files: Files | None = None
    cache: str = "auto"

    def __post_init__(self) -> None:
        if (self.arrays is None) == (self.stream is None):
            raise ValueError("expected a split to have either arrays or a stream")

    @classmethod
    def of_arrays(cls, x: np.ndarray, y: np.ndarray) -> Split:
        return cls(len(x), arrays=(x, y))

    @classmethod
    def of_files(cls, files: Files) -> Split:
        return cls(len(files.paths), stream=files.stream, files=files)

    def targets(self) -> np.ndarray | None:
        """All targets, where they are known without reading the examples."""
        if self.arrays is not None:
            return self.arrays[1]
        return None if self.files is None else self.files.targets

    def subset(self, indices: np.ndarray) -> Split:
        """The examples with these indices, in this order. Not for a mere stream."""
        if self.arrays is not None:
            x, y = self.arrays
            return Split.of_arrays(x[indices], y[indices])
        if self.files is not None:
            files = self.files
            kept = {"paths": files.paths[indices], "targets": files.targets[indices]}
            sizes = None if files.sizes is None else files.sizes[indices]
            return Split.of_files(dataclasses.replace(files, **kept, sizes=sizes))
        raise ValueError("a stream has no indices")


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A dataset.

    Args:
        train: What is trained on.
        test: What is evaluated once, at the end; None if the data brings none.
        input_shape: Shape of one input.
        input_dtype: Its dtype as it is stored; batches are float32.
        num_classes: How many classes the targets name; None where they are numbers.
        class_names: What the classes are called, if that is known.
        validation: What is evaluated after each epoch, if the data brings it.
        scale: Inputs are multiplied by it on their way into a batch: 1/255 for uint8 pictures.
        fingerprint: Short hash of what the data is, by which a change is noticed.
        skipped: Files that were left out, each with the reason.
        notes: What was decided about the data, for people.
    """

    train: Split
    test: Split | None
    input_shape: tuple[int, ...]
    input_dtype: str
    num_classes: int | None
    class_names: tuple[str, ...] = ()
    validation: Split | None = None
    scale: float = 1.0
    fingerprint: str = ""
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def fingerprint_arrays(*arrays: np.ndarray) -> str:
    """Hash of shapes, dtypes and contents; of evenly spaced rows where an array is big."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        step = max(1, array.nbytes // _SAMPLED_ABOVE)
        digest.update(np.ascontiguousarray(array[::step]).tobytes())
    return digest.hexdigest()[:16]


def fingerprint_facts(facts: Iterable[Any]) -> str:
    """Hash of facts such as names, sizes and times of change."""
    return hashlib.sha256("\n".join(map(repr, facts)).encode()).hexdigest()[:16]
