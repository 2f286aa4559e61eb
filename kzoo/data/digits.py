"""8×8 handwritten digits, from the file that ships inside scikit-learn."""

from __future__ import annotations

from kzoo.data.packaged_digits import fixed_split, read_packaged_table
from kzoo.data.source import Source

_TEST = 360
_SEED = 20_261_101  # of the split, which never changes


def digits() -> Source:
    """1,797 digits of 8×8 grey values from 0 to 16: small enough to try anything in seconds.

    The pictures are those of `sklearn.datasets.load_digits`, as uint8 of shape (8, 8, 1), scaled to 0..1. The split
    is fixed: 1,437 to train, 360 to test, each class in its proportion.

    Returns:
        The data.

    Raises:
        KzooError: If scikit-learn isn't installed.

    The paper: Kaynak 1995, Methods of combining multiple classifiers and their applications to handwritten digit
    recognition.

    >>> from kzoo.data.digits import digits
    >>> source = digits()
    >>> source.train.count, source.test.count, source.input_shape, source.num_classes
    (1437, 360, (8, 8, 1), 10)
    """
    table = read_packaged_table("sklearn", "scikit-learn", "datasets/data/digits.csv.gz", columns=65)
    return fixed_split(table, 8, _TEST, _SEED, scale=1 / 16)
