"""Seeds of the input: numbers from which stateless random functions draw, one for each purpose, epoch and step."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

ORDER, AUGMENT = 0, 1  # what a seed is used for


def root_seed(seed: int) -> tf.Tensor:
    """Any Python integer as the two numbers that stateless random functions take."""
    return tf.constant(np.array([seed % 2**64], dtype=np.uint64).view(np.int32))


def fold(seed: tf.Tensor, *numbers: Any) -> tf.Tensor:
    """Another seed for each sequence of numbers."""
    for number in numbers:
        seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(number, tf.int32))
    return seed
