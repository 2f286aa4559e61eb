"""Data from a table of numbers."""

from __future__ import annotations

import warnings
from csv import reader
from pathlib import Path

import numpy as np

from kzoo.data.source import Source, Split, fingerprint_arrays
from kzoo.data.targets import read_targets
from kzoo.problems import KzooError, Problem, nearest

_SHOWN = 20  # faults that are listed before the rest is only counted


def csv(path: str, target: str, num_classes: int | None = None) -> Source:
    """A table: one example a row, one column the target, all other columns inputs.

    Args:
        path: A text file (UTF-8) with a header row; separated by commas, semicolons or tabs, whichever the header has.
        target: The column to predict. Whole numbers written without a decimal point are classes, anything else
            numbers.
        num_classes: How many classes there are. Default: highest label + 1. 0 where whole numbers are not classes.

    Returns:
        The data, without a test part; inputs float32 of shape (columns,), unscaled.

    Raises:
        KzooError: If the file, the header or a field isn't as described; fields by line and column, all of them.

    >>> import tempfile, pathlib
    >>> from kzoo.data.csv import csv
    >>> file = pathlib.Path(tempfile.mkdtemp(), "flowers.csv")
    >>> _ = file.write_text("length,width,kind\\n5.1,3.5,0\\n6.4,3.2,1\\n5.9,3.0,1\\n")
    >>> source = csv(str(file), target="kind")
    >>> source.train.count, source.input_shape, source.num_classes
    (3, (2,), 2)
    """
    file = Path(path)
    names, separator = _header(file)
    if target not in names:
        near = nearest(target, names)
        hint = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(names[:_SHOWN])}."
        raise KzooError(Problem(f"{path}: there is no column '{target}'", hint=hint))
    table = _table(file, names, separator)
    place = names.index(target)
    y = table[:, place]
    if _written_whole(file, separator, place):
        y = y.astype(np.int64)
    targets, classes = read_targets({target: y}, num_classes)
    x = np.delete(table, place, axis=1).astype(np.float32)
    return Source(
        train=Split.of_arrays(x, targets[target]),
        test=None,
        input_shape=x.shape[1:],
        input_dtype="float32",
        num_classes=classes,
        fingerprint=fingerprint_arrays(x, targets[target]),
    )


def _header(path: Path) -> tuple[list[str], str]:
    """The names of the columns, and what separates them."""
    if not path.is_file():
        raise KzooError(f"no such file: {path}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except UnicodeDecodeError as error:
        raise KzooError(f"{path}: expected text in UTF-8: {error}") from error
    separator = max(",;\t", key=line.count)
    names = [name.strip() for name in next(reader([line], delimiter=separator), [])]
    if len(names) < 2:
        raise KzooError(
            f"{path}: expected a header row with the target and at least one more column, got {line!r}"
        )
    if all(_is_number(name) for name in names):
        hint = "Put a first line above the numbers that names the columns."
        raise KzooError(Problem(f"{path}: expected a header row, got numbers: {line.strip()!r}", hint=hint))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KzooError(f"{path}: two columns are called '{twice[0]}'")
    return names, separator


def _table(path: Path, names: list[str], separator: str) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file that is empty below its header
            table = np.loadtxt(path, **_format(separator), ndmin=2)
    except ValueError:
        raise KzooError(_faults(path, names, separator)) from None
    with np.errstate(over="ignore"):
        finite = np.isfinite(table.astype(np.float32)).all()
    if table.shape[1] != len(names) or len(table) == 0 or not finite:
        raise KzooError(_faults(path, names, separator))
    return table


def _written_whole(path: Path, separator: str, column: int) -> bool:
    try:
        np.loadtxt(path, **_format(separator), usecols=column, dtype=np.int64)
    except ValueError:
        return False
    return True


def _format(separator: str) -> dict:
    return {
        "delimiter": separator,
        "skiprows": 1,
        "comments": None,
        "quotechar": '"',
        "encoding": "utf-8-sig",
    }


def _faults(path: Path, names: list[str], separator: str) -> Problem:
    """Reads the file again, slowly, to say what is wrong where."""
    faults = []
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        rows = reader(file, delimiter=separator)
        next(rows)
        for row in rows:
            if row and len(row) != len(names):
                faults.append(f"line {rows.line_num}: {len(row)} fields, the header has {len(names)}")
            elif row:
                faults += [
                    f"line {rows.line_num}, column '{name}': {field!r}"
                    if field.strip()
                    else f"line {rows.line_num}, column '{name}' is missing"
                    for name, field in zip(names, row)
                    if not _is_number(field)
                ]
    if not faults:
        return Problem(
            f"{path}: expected a table with the columns {', '.join(names)}; there is nothing below the header"
        )
    shown = "\n      ".join(faults[:_SHOWN])
    more = f"\n      and {len(faults) - _SHOWN:,} more" if len(faults) > _SHOWN else ""
    hint = "Leave out columns that aren't numbers, or write categories as 0, 1, 2, …; fill or remove what is missing."
    return Problem(f"{path}: expected a number in every field\n      {shown}{more}", hint=hint)


def _is_number(text: str) -> bool:
    try:
        with np.errstate(over="ignore"):
            return bool(np.isfinite(np.float32(text)))
    except ValueError:
        return False
