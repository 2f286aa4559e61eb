"""What residual networks of large pictures share: stem, stages of blocks, shortcuts, classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from kzoo.layers.drop_path import DropPath
from kzoo.models.convolution import activate, conv, max_pool, normalize


def residual_stages(
    x: Any,
    block: Callable[..., Any],
    depths: Sequence[int],
    widths: Sequence[int],
    stem: str,
    stem_width: Any,
    stem_pool: str,
    drop_path: float,
    activation: Any,
    norm: Any,
) -> list[Any]:
    """The stem and the groups of blocks, at 1/2, 1/4 … 1/32 of the size.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        block: Called with what goes in and `name`, `stage` from 1, `width`, `strides`, `drop_path`.
        depths: Blocks of each stage.
        widths: Channels of each stage's blocks.
        stem: "plain", one 7×7 convolution, or "deep", three of 3×3.
        stem_width: Channels of the plain stem, or of the deep one's first two convolutions, or their two numbers.
        stem_pool: "max", or "conv" for a convolution in its place.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.
        activation: Activation of the stem.
        norm: Normalization of the stem.
    """
    style = {"activation": activation, "norm": norm}
    stages = [_stem(x, stem, stem_width, widths[0], style)]
    x = _stem_pool(stages[0], stem_pool, widths[0], style)
    number, last = 0, max(sum(depths) - 1, 1)
    for stage, (depth, width) in enumerate(zip(depths, widths), start=1):
        for index in range(depth):
            strides = 2 if stage > 1 and index == 0 else 1
            rate = drop_path * number / last
            name = f"layer{stage}.{index}"
            x = block(x, name=name, stage=stage, width=width, strides=strides, drop_path=rate)
            number += 1
        stages.append(x)
    return stages


def classifier(x: Any, num_classes: int, drop_rate: float) -> Any:
    """Means over the picture, and the logits of the classes unless there are none."""
    pooled = keras.layers.GlobalAveragePooling2D(name="global_pool")(x)
    if drop_rate:
        pooled = keras.layers.Dropout(drop_rate, name="drop")(pooled)
    return keras.layers.Dense(num_classes, name="fc")(pooled) if num_classes else pooled


def shortcut(x: Any, name: str, filters: int, strides: int, pooled: bool, norm: Any) -> Any:
    """What came into a block, in the shape of what goes out."""
    if strides == 1 and x.shape[-1] == filters:
        return x
    if not pooled:
        return normalize(conv(x, filters, 1, f"{name}.0", strides=strides), norm, f"{name}.1")
    if strides > 1:
        x = keras.layers.AveragePooling2D(strides, padding="same", name=f"{name}.0")(x)
    return normalize(conv(x, filters, 1, f"{name}.1"), norm, f"{name}.2")


def add(x: Any, came_in: Any, name: str, drop_path: float) -> Any:
    """What a block learned, added to what came in."""
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    return keras.layers.Add(name=f"{name}.add")([x, came_in])


def _stem(x: Any, stem: str, width: Any, outputs: int, style: dict[str, Any]) -> Any:
    """The first convolution, or three in its place, to half the size."""
    if stem == "plain":
        x = conv(x, width, 7, "conv1", strides=2)
        x = normalize(x, style["norm"], "bn1")
        return activate(x, style["activation"], "act1")
    if stem != "deep":
        raise ValueError(f'`stem` must be "plain" or "deep". Received: stem={stem!r}')
    first, second = (width, width) if isinstance(width, int) else width
    x = conv(x, first, 3, "conv1.0", strides=2)
    x = activate(normalize(x, style["norm"], "conv1.1"), style["activation"], "conv1.2")
    x = conv(x, second, 3, "conv1.3")
    x = activate(normalize(x, style["norm"], "conv1.4"), style["activation"], "conv1.5")
    x = conv(x, outputs, 3, "conv1.6")
    return activate(normalize(x, style["norm"], "bn1"), style["activation"], "act1")


def _stem_pool(x: Any, pool: str, width: int, style: dict[str, Any]) -> Any:
    """What follows the stem, to a quarter of the size."""
    if pool == "max":
        return max_pool(x, 3, 2, "maxpool")
    if pool != "conv":
        raise ValueError(f'`stem_pool` must be "max" or "conv". Received: stem_pool={pool!r}')
    x = conv(x, width, 3, "maxpool.0", strides=2)
    return activate(normalize(x, style["norm"], "maxpool.1"), style["activation"], "maxpool.2")
