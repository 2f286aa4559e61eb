"""Residual networks that normalize before they convolve: nothing but sums on the way from input to output."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.layers.drop_path import DropPath
from kzoo.models.convolution import BATCH_NORM, activate, conv, max_pool, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("norm", "head"))
def resnet_v2(
    x,
    num_classes,
    block="bottleneck",
    depths=(3, 4, 6, 3),
    widths=(64, 128, 256, 512),
    stem: str = "plain",
    stem_width: int = 64,
    pooled_shortcut: bool = False,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A residual network of the second kind (He et al. 2016): pre-activation blocks.

    Args:
        block: "bottleneck" or "basic".
        depths: Blocks of each stage.
        widths: Channels of each stage's blocks; a bottleneck's output has four times as many.
        stem: "plain", one 7×7 convolution, or "deep", three of 3×3.
        stem_width: Channels of the stem.
        pooled_shortcut: Whether a shortcut that shrinks takes means before its 1×1 convolution (ResNet-D).
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32, none
        normalized.

    Raises:
        ValueError: If an argument is out of range.

    Paper: He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first; strides
    are in the 3×3 convolutions of a stage's first block. `keras.applications.ResNet50V2` has them in its last block.

    >>> from kzoo.models import resnet_v2
    >>> resnet_v2().count_params()  # 25,549,352 that learn, and moving statistics
    25594792
    """
    if block not in ("bottleneck", "basic") or len(depths) != len(widths):
        raise ValueError(
            '`block` must be "basic" or "bottleneck", and `depths` and `widths` are to have one entry a stage. '
            f"Received: block={block!r}, depths={depths}, widths={widths}"
        )
    style = {"activation": activation, "norm": norm}
    stages = [_stem(x, stem, stem_width, **style)]
    x = max_pool(stages[0], 3, 2, "stem.pool")
    number, last = 0, max(sum(depths) - 1, 1)
    for stage, (depth, width) in enumerate(zip(depths, widths)):
        for index in range(depth):
            strides = 2 if stage and not index else 1
            outputs = width if block == "basic" else 4 * width
            # A bottleneck's stage begins with a convolution in its shortcut even where nothing changes its shape.
            changed = (not index and block == "bottleneck") or strides > 1 or x.shape[-1] != outputs
            x = _block(
                x,
                f"stages.{stage}.blocks.{index}",
                [(width, 3, strides), (outputs, 3, 1)]
                if block == "basic"
                else [(width, 1, 1), (width, 3, strides), (outputs, 1, 1)],
                changed=changed,
                pooled=pooled_shortcut,
                drop_path=drop_path * number / last,
                **style,
            )
            number += 1
        stages.append(x)

    def head():
        normal = _norm_act(x, "norm", **style)
        pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, name="head.global_pool")(normal)
        if drop_rate:
            pooled = keras.layers.Dropout(drop_rate, name="head.drop")(pooled)
        if num_classes:
            small = keras.initializers.RandomNormal(stddev=0.01)
            pooled = conv(pooled, num_classes, 1, "head.fc", use_bias=True, kernel_initializer=small)
        return keras.layers.Flatten(name="head.flatten")(pooled)

    return stages, head


def _stem(x: Any, stem: str, width: int, activation: Any, norm: Any) -> Any:
    """The first convolution, or three in its place, to half the size; the first block normalizes it."""
    if stem == "plain":
        return conv(x, width, 7, "stem.conv", strides=2)
    if stem != "deep":
        raise ValueError(f'`stem` must be "plain" or "deep". Received: stem={stem!r}')
    x = conv(x, width // 2, 3, "stem.conv1", strides=2)
    x = _norm_act(x, "stem.norm1", activation, norm)
    x = conv(x, width // 2, 3, "stem.conv2")
    x = _norm_act(x, "stem.norm2", activation, norm)
    return conv(x, width, 3, "stem.conv3")


def _block(
    x: Any,
    name: str,
    steps: list[tuple[int, int, int]],
    changed: bool,
    pooled: bool,
    drop_path: float,
    activation: Any,
    norm: Any,
) -> Any:
    """One block: what it learns is added to what came in."""
    ready = _norm_act(x, f"{name}.norm1", activation, norm)
    strides = max(step for _, _, step in steps)
    shortcut = _shortcut(ready, f"{name}.downsample", steps[-1][0], strides, pooled) if changed else x
    for number, (filters, size, step) in enumerate(steps, start=1):
        x = ready if number == 1 else _norm_act(x, f"{name}.norm{number}", activation, norm)
        x = conv(x, filters, size, f"{name}.conv{number}", strides=step)
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    return keras.layers.Add(name=f"{name}.add")([x, shortcut])


def _shortcut(x: Any, name: str, filters: int, strides: int, pooled: bool) -> Any:
    """What came in, normalized, in the shape of what goes out."""
    if pooled and strides > 1:
        x = keras.layers.AveragePooling2D(strides, padding="same", name=f"{name}.pool")(x)
        strides = 1
    return conv(x, filters, 1, f"{name}.conv", strides=strides)


def _norm_act(x: Any, name: str, activation: Any, norm: Any) -> Any:
    return activate(normalize(x, norm, name), activation, f"{name}.act")
