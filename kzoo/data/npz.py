"""Data from a file that `numpy.savez` wrote."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import numpy as np

from kzoo.data.source import Source, Split, fingerprint_arrays
from kzoo.data.targets import check_finite, read_targets
from kzoo.problems import KzooError, KzooWarning, Problem

_WANTED = "np.savez(path, x=inputs, y=targets), and x_test, y_test if there is a test part"


def npz(path: str, num_classes: int | None = None) -> Source:
    """Arrays from an `.npz` file: `x` and `y`, and if wanted `x_test` and `y_test`.

    Args:
        path: The file. `x_train` and `y_train`, as in Keras's own files, are taken for `x` and `y`.
        num_classes: How many classes there are. Default: highest label + 1. 0 where whole numbers are not classes.

    Whole numbers in a 1-D `y` are classes, anything else numbers to predict. `x` is (count, features), or pictures
    (count, height, width, channels); uint8 pictures are scaled to 0..1 and may lack the axis of channels. Other types
    become float32 as they are.

    Returns:
        The data; without a test part where the file has none.

    Raises:
        KzooError: If the file, an array in it, or what is in the arrays isn't as described. Nothing in the file can run
            as code: pickled objects are refused.

    >>> import tempfile, os, numpy as np
    >>> from kzoo.data.npz import npz
    >>> file = os.path.join(tempfile.mkdtemp(), "xor.npz")
    >>> np.savez(file, x=np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), y=np.array([0, 1, 1, 0]))
    >>> source = npz(file)
    >>> source.train.count, source.input_shape, source.num_classes
    (4, (2,), 2)
    """
    arrays = _read(Path(path))
    x, scale = _inputs("x", arrays["x"])
    has_test = "x_test" in arrays
    x_test = _inputs("x_test", arrays["x_test"])[0] if has_test else None
    if x_test is not None and (x_test.shape[1:] != x.shape[1:] or x_test.dtype != x.dtype):
        seen = f"x has {x.dtype} of shape {x.shape[1:]}, x_test {x_test.dtype} of shape {x_test.shape[1:]}"
        raise KzooError(f"{path}: expected examples of one kind, but {seen}")
    targets, classes = read_targets(
        {name: arrays[name] for name in ("y", "y_test") if name in arrays}, num_classes
    )
    return Source(
        train=Split.of_arrays(x, targets["y"]),
        test=None if x_test is None else Split.of_arrays(x_test, targets["y_test"]),
        input_shape=x.shape[1:],
        input_dtype=str(x.dtype),
        num_classes=classes,
        scale=scale,
        fingerprint=fingerprint_arrays(*arrays.values()),
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the file, each a plain array of numbers, with inputs and targets of one length."""
    if not path.is_file():
        raise KzooError(f"no such file: {path}")
    try:
        with path.open("rb") as opened:  # np.load leaves a file open that it can't read
            file = np.load(opened, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise KzooError(
                    Problem(f"{path} holds a single array; expected several by name", hint=_WANTED)
                )
            names = _names(path, file.files)
            arrays = {name: _plain(path, file, stored) for name, stored in names.items()}
    except KzooError:
        raise
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise KzooError(Problem(f"{path} can't be read as an .npz file: {error}", hint=_WANTED)) from error
    for x, y in (("x", "y"), ("x_test", "y_test")):
        if x in arrays and len(arrays[x]) != len(arrays[y]):
            seen = f"{names[x]} has {len(arrays[x]):,} examples, {names[y]} {len(arrays[y]):,}"
            raise KzooError(f"{path}: expected a target for each input, but {seen}")
    return arrays


def _names(path: Path, stored: list[str]) -> dict[str, str]:
    """Under which name each of our arrays is stored."""
    names = {wanted: name for wanted in ("x", "y") for name in (f"{wanted}_train", wanted) if name in stored}
    names |= {name: name for name in ("x_test", "y_test") if name in stored}
    missing = [name for name in ("x", "y") if name not in names]
    if ("x_test" in names) != ("y_test" in names):
        missing += {"x_test", "y_test"} - set(names)
    if missing:
        seen = ", ".join(stored) or "nothing"
        raise KzooError(Problem(f"{path}: expected an array '{missing[0]}', found {seen}", hint=_WANTED))
    return names


def _plain(path: Path, file: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    try:
        array = file[name]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        hint = "Save an array of numbers, all rows of one length; an array of Python objects is never loaded."
        raise KzooError(Problem(f"{path}: {name} holds Python objects, not numbers", hint=hint)) from None
    if array.ndim == 0 or array.size == 0:
        raise KzooError(f"{path}: {name} is empty: its shape is {array.shape}")
    return array


def _inputs(name: str, x: np.ndarray) -> tuple[np.ndarray, float]:
    """Inputs in the form that they are kept in, and their scale."""
    if x.dtype.kind not in "biuf":
        raise KzooError(f"{name}: expected numbers, got {x.dtype}")
    if x.ndim == 1:
        raise KzooError(Problem(f"{name}: expected a row an example, got shape {x.shape}", hint="x[:, None]"))
    if x.dtype == np.uint8 and x.ndim in (3, 4):
        x = x[..., None] if x.ndim == 3 else x
        if x.shape[1] in (1, 3) and x.shape[3] > 4:
            text = f"{name} has shape {x.shape}: channels seem to come first. np.moveaxis(x, 1, -1) puts them last."
            warnings.warn(text, KzooWarning, stacklevel=3)
        return x, 1 / 255
    if x.dtype.kind == "f":
        check_finite(name, x)
    if x.dtype != np.uint8:
        with np.errstate(over="ignore"):
            x = x.astype(np.float32)
        check_finite(f"{name} as float32", x)
    return x, 1.0
