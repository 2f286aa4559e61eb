"""Targets and predictions of the sizes that benchmarks/losses.py measures at; each function takes a generator."""

from __future__ import annotations

import numpy as np

ROWS, COLUMNS = 1024, 1000


def _normal(generator, *shape):
    return generator.normal(size=shape).astype("float32")


def _uniform(generator, low, high, *shape):
    return generator.uniform(low, high, size=shape).astype("float32")


def numbers(generator):
    return _normal(generator, ROWS, COLUMNS), _normal(generator, ROWS, COLUMNS)


def rates(generator):
    return generator.poisson(2, size=(ROWS, COLUMNS)).astype("float32"), _uniform(
        generator, 0.1, 2, ROWS, COLUMNS
    )


def means_and_variances(generator):
    return _normal(generator, ROWS, COLUMNS // 2), _uniform(generator, 0.5, 2, ROWS, COLUMNS)


def signs(generator):
    return np.sign(_normal(generator, ROWS, COLUMNS)), _normal(generator, ROWS, COLUMNS)


def class_numbers(generator):
    return generator.integers(0, COLUMNS, ROWS), _normal(generator, ROWS, COLUMNS)


def one_hot(generator):
    numbers, logits = class_numbers(generator)
    return np.eye(COLUMNS, dtype="float32")[numbers], logits


def distributions(generator):
    targets = np.exp(_normal(generator, ROWS, COLUMNS))
    return targets / targets.sum(-1, keepdims=True), _normal(generator, ROWS, COLUMNS)


def probabilities(generator):
    return distributions(generator)[0], distributions(generator)[0]


def thirds(generator):
    """A batch that is three times the same pictures, with one-hot targets."""
    targets, logits = one_hot(generator)
    return targets[: ROWS // 3 * 3], logits[: ROWS // 3 * 3]


def labels(generator):
    return (_uniform(generator, 0, 1, ROWS, COLUMNS) < 0.05).astype("float32"), _normal(
        generator, ROWS, COLUMNS
    )


def few_labels(generator):
    return (_uniform(generator, 0, 1, ROWS, 80) < 0.05).astype("float32"), _normal(generator, ROWS, 80)


def pairs_of_scores(generator):
    return np.sign(_normal(generator, 100_000)), _normal(generator, 100_000, 2)


def grades(generator):
    return generator.integers(0, 10, (100_000, 1)), _normal(generator, 100_000, 9)


def grades_of_classes(generator):
    return generator.integers(0, 10, 100_000), _normal(generator, 100_000, 10)


def sequences(generator):
    return generator.integers(1, 30, (32, 20)), _normal(generator, 32, 100, 30)


def masks(generator):
    shape = (16, 256, 256, 1)
    return (_uniform(generator, 0, 1, *shape) < 0.3).astype("float32"), _uniform(
        generator, 0.01, 0.99, *shape
    )


def small_masks(generator):
    return tuple(each[:, ::4, ::4] for each in masks(generator))


def boxes(generator):
    corner, size = generator.uniform(size=(2, 2, 10_000, 2))
    return tuple(np.concatenate([corner, corner + 0.1 + size], axis=-1).astype("float32"))


def depths(generator):
    return tuple(_uniform(generator, 0.5, 5, 2, 8, 128, 128, 1))


def pictures(generator):
    return tuple(_uniform(generator, 0, 1, 2, 8, 128, 128, 3))


def large_pictures(generator):
    return tuple(_uniform(generator, 0, 1, 2, 4, 192, 192, 3))


def pictures_and_depths(generator):
    return pictures(generator)[0], depths(generator)[0]


def embeddings(generator):
    return generator.integers(0, 64, 1024), _normal(generator, 1024, 128)


def few_embeddings(generator):
    return generator.integers(0, 16, 128), _normal(generator, 128, 128)


def two_views(generator):
    return np.tile(np.arange(512), 2), _normal(generator, 1024, 128)


def pairs_of_views(generator):
    return np.zeros(1024, "float32"), _normal(generator, 1024, 2, 128)
