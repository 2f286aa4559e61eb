"""Numbers for a model's weights, made of their names, so that no weights need be kept: NumPy alone, for both sides."""

import zlib

import numpy as np


def value(name, shape):
    """The weight that PyTorch's files have under this name, in their layout.

    Sums stay about as large as what is summed, variances are positive, and scales are all different, below 1 so that
    what a hundred residual blocks add up doesn't amplify rounding.
    """
    numbers = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, dtype=np.float32)
    leaf = name.rpartition(".")[2]
    if leaf in ("weight", "running_var", "gamma") and len(shape) == 1:
        return np.float32(1 if leaf == "running_var" else 0.8) + np.float32(0.1) * numbers
    if len(shape) > 1 and leaf == "weight":
        return numbers * np.float32(1.4 / np.sqrt(np.prod(shape[1:])))
    return 0.2 * numbers


def pictures(shape, count=2):
    """Pictures `(count, height, width, channels)`."""
    return np.random.default_rng(zlib.crc32(repr(tuple(shape)).encode())).standard_normal(
        (count, *shape), dtype=np.float32
    )


def sample(tensor, name, most=256):
    """Some numbers of a tensor, those of the same places for the same name and shape."""
    flat = np.asarray(tensor).reshape(-1)
    if len(flat) <= most:
        return flat
    return flat[np.random.default_rng(zlib.crc32(name.encode())).integers(len(flat), size=most)]
