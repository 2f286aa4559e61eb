"""What stands at the end of many networks: means over the picture, dropout, the logits of the classes."""

from __future__ import annotations

from typing import Any

import keras


def classifier_head(x: Any, num_classes: int, drop_rate: float, kernel_initializer: Any = None) -> Any:
    """Means over the picture, then `logits` of them."""
    pooled = keras.layers.GlobalAveragePooling2D(name="head.global_pool")(x)
    return logits(pooled, num_classes, drop_rate, kernel_initializer)


def logits(pooled: Any, num_classes: int, drop_rate: float, kernel_initializer: Any = None) -> Any:
    """The logits of the classes; with no classes what they would be of.

    Args:
        pooled: Features of whole pictures, `(batch, channels)`.
        num_classes: How many classes; 0 for the features themselves.
        drop_rate: The share of features that training leaves out.
        kernel_initializer: How the kernel starts; None for small normal numbers.
    """
    if drop_rate:
        pooled = keras.layers.Dropout(drop_rate, name="head.drop")(pooled)
    if not num_classes:
        return pooled
    initializer = kernel_initializer or keras.initializers.RandomNormal(stddev=0.01)
    return keras.layers.Dense(num_classes, kernel_initializer=initializer, name="head.fc")(pooled)
