"""ResNeSt: bottlenecks whose 3×3 convolution is split, and whose parts compete channel by channel."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.layers.squeeze_excite import divisible
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add, classifier, residual_stages, shortcut


@picture_model(head=("fc",))
def resnest(
    x,
    num_classes,
    depths=(3, 4, 6, 3),
    widths=(64, 128, 256, 512),
    radix: int = 2,
    groups: int = 1,
    group_width: int = 64,
    pool_first: bool = False,
    stem_width: int = 32,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """ResNeSt (Zhang et al. 2020): split attention in a ResNet-D.

    Args:
        depths: Blocks of each stage.
        widths: Channels of each stage's blocks; their output has four times as many.
        radix: How many parts compete.
        groups: Groups of channels that don't see each other: the paper's cardinality.
        group_width: Channels of a group, where a stage of width 64 is meant.
        pool_first: Whether a block that shrinks takes means before its split convolution, not after it.
        stem_width: Channels of the first two of the stem's three convolutions; the third has twice as many.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Zhang et al. 2020, ResNeSt: Split-Attention Networks, arXiv:2004.08955.

    What differs: layers are named, and numbers come out, as in timm; but its drop path acts on what comes into a
    block, ours, as in the other networks, on what the block adds.

    >>> from kzoo.models import resnest
    >>> model = resnest(input_shape=(32, 32, 3), num_classes=10, depths=[1, 1, 1, 1])
    >>> model.output_shape
    (None, 10)
    """
    if radix < 2:
        raise ValueError(f"`radix` must be at least 2. Received: radix={radix}")
    style = {"activation": activation, "norm": norm}

    def block(x: Any, name: str, stage: int, width: int, strides: int, drop_path: float) -> Any:
        came_in = shortcut(x, f"{name}.downsample", 4 * width, strides, True, norm)
        inner = width * group_width // 64 * groups
        x = normalize(conv(x, inner, 1, f"{name}.conv1"), norm, f"{name}.bn1")
        x = activate(x, activation, f"{name}.act1")
        if pool_first and strides > 1:
            x = _mean(x, strides, f"{name}.avd_first")
        x = _split_attention(x, inner, f"{name}.conv2", radix, groups, **style)
        if strides > 1 and not pool_first:
            x = _mean(x, strides, f"{name}.avd_last")
        x = normalize(conv(x, 4 * width, 1, f"{name}.conv3"), norm, f"{name}.bn3", gamma="zeros")
        return activate(add(x, came_in, name, drop_path), activation, f"{name}.act3")

    stages = residual_stages(x, block, depths, widths, "deep", stem_width, "max", drop_path, **style)
    return stages, lambda: classifier(stages[-1], num_classes, drop_rate)


def _split_attention(
    x: Any, filters: int, name: str, radix: int, groups: int, activation: Any, norm: Any
) -> Any:
    """`radix` convolutions of as many parts of the channels, and a mean of them with learned weights."""
    units = max(32, divisible(x.shape[-1] * radix / 4, 8))
    x = normalize(conv(x, filters * radix, 3, f"{name}.conv", groups=groups * radix), norm, f"{name}.bn0")
    x = activate(x, activation, f"{name}.act0")
    parts = [x[..., index * filters : (index + 1) * filters] for index in range(radix)]
    means = keras.layers.Add(name=f"{name}.sum")(parts)
    means = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}.mean")(means)
    means = conv(means, units, 1, f"{name}.fc1", groups=groups, use_bias=True)
    means = activate(normalize(means, norm, f"{name}.bn1"), activation, f"{name}.act1")
    logits = conv(means, filters * radix, 1, f"{name}.fc2", groups=groups, use_bias=True)
    # Logits come group by group, and within a group part by part.
    logits = ops.reshape(logits, (-1, groups, radix, filters // groups))
    shares = ops.softmax(logits, axis=-2)
    weighed = [
        each * ops.reshape(shares[:, :, index], (-1, 1, 1, filters)) for index, each in enumerate(parts)
    ]
    return keras.layers.Add(name=f"{name}.weighed")(weighed)


def _mean(x: Any, strides: int, name: str) -> Any:
    """Means of 3×3 places, of which those beyond the border count as zeros."""
    x = keras.layers.ZeroPadding2D(1, name=f"{name}.pad")(x)
    return keras.layers.AveragePooling2D(3, strides, name=name)(x)
