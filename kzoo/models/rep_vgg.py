"""RepVGG and MobileOne: plain convolutions in use, which learn as sums of several."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.layers.drop_path import DropPath
from kzoo.models.classifier_head import classifier_head
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model

_WIDTHS = (64, 128, 256, 512)


@picture_model(head=("head",))
def rep_vgg(
    x,
    num_classes,
    depths=(2, 4, 14, 1),
    factors=(0.75, 0.75, 0.75, 2.5),
    stem_width: int = 48,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A RepVGG (Ding et al. 2021) as it learns: each block the sum of a 3×3 and a 1×1 convolution and its input.

    Args:
        depths: Blocks of each stage.
        factors: Of the channels of each stage, which are 64, 128, 256 and 512.
        stem_width: Channels of the first block.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Ding et al. 2021, RepVGG: Making VGG-style ConvNets Great Again, arXiv:2101.03697.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first. Blocks
    aren't merged to single convolutions.

    >>> from kzoo.models import rep_vgg
    >>> rep_vgg().count_params()  # 9,108,968 that learn, and moving statistics
    9132616
    """
    _check(depths, factors)
    style = {"activation": activation, "norm": norm}
    x = _block(x, "stem", stem_width, 2, 0.0, **style)
    stages = [x]
    number, last = 0, max(sum(depths) - 1, 1)
    for stage, (depth, factor, width) in enumerate(zip(depths, factors, _WIDTHS)):
        for index in range(depth):
            name, rate = f"stages.{stage}.{index}", drop_path * number / last
            x = _block(x, name, int(width * factor), 1 if index else 2, rate, **style)
            number += 1
        stages.append(x)
    return stages, lambda: classifier_head(x, num_classes, drop_rate)


@picture_model(head=("head",))
def mobile_one(
    x,
    num_classes,
    depths=(2, 8, 10, 1),
    factors=(0.75, 1.0, 1.0, 2.0),
    branches: int = 4,
    stem_width: int = 48,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
):
    """A MobileOne (Vasu et al. 2023) as it learns: depthwise and 1×1 convolutions, each a sum of several.

    Args:
        depths: Pairs of blocks, a depthwise one and one of a single place, of each stage.
        factors: Of the channels of each stage, which are 64, 128, 256 and 512.
        branches: How many convolutions a block sums, beside its 1×1 one and its input.
        stem_width: Channels of the first block.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Vasu et al. 2023, MobileOne: An Improved One millisecond Mobile Backbone, arXiv:2206.04040.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first. Blocks
    aren't merged to single convolutions; there is no squeeze and excitation, which MobileOne-S4 has.

    >>> from kzoo.models import mobile_one
    >>> mobile_one().count_params()  # 5,293,272 that learn, and moving statistics
    5381464
    """
    _check(depths, factors)
    style = {"activation": activation, "norm": norm}
    x = _sum(x, "stem", stem_width, 3, 2, 1, 1, **style)
    stages = [x]
    for stage, (depth, factor, width) in enumerate(zip(depths, factors, _WIDTHS)):
        for index in range(depth):
            given = x.shape[-1]
            strides = 1 if index else 2
            x = _sum(x, f"stages.{stage}.{2 * index}", given, 3, strides, branches, given, **style)
            x = _sum(x, f"stages.{stage}.{2 * index + 1}", int(width * factor), 1, 1, branches, 1, **style)
        stages.append(x)
    return stages, lambda: classifier_head(x, num_classes, drop_rate)


def _check(depths: Any, factors: Any) -> None:
    if not len(depths) == len(factors) == len(_WIDTHS):
        raise ValueError(
            "`depths` and `factors` are to have one entry for each of four stages. "
            f"Received: depths={depths}, factors={factors}"
        )


def _block(x: Any, name: str, width: int, strides: int, drop_path: float, activation: Any, norm: Any) -> Any:
    """RepVGG's block."""
    wide = conv(x, width, 3, f"{name}.conv_kxk.conv", strides)
    wide = normalize(wide, norm, f"{name}.conv_kxk.bn", gamma=_small())
    one = conv(x, width, 1, f"{name}.conv_1x1.conv", strides)
    one = normalize(one, norm, f"{name}.conv_1x1.bn", gamma=_small())
    total = keras.layers.Add(name=f"{name}.sum")([one, wide])
    if strides == 1 and x.shape[-1] == width:
        if drop_path:
            total = DropPath(drop_path, name=f"{name}.drop_path")(total)
        identity = normalize(x, norm, f"{name}.identity", gamma=_small())
        total = keras.layers.Add(name=f"{name}.add")([total, identity])
    return activate(total, activation, f"{name}.act")


def _small() -> Any:
    """What scales begin with, small so that sums don't grow; new for each layer, lest all begin alike."""
    return keras.initializers.RandomNormal(0.1, 0.1)


def _sum(
    x: Any,
    name: str,
    width: int,
    kernel: int,
    strides: int,
    branches: int,
    groups: int,
    activation: Any,
    norm: Any,
) -> Any:
    """MobileOne's block."""
    parts = []
    if kernel > 1:
        one = conv(x, width, 1, f"{name}.conv_scale.conv", strides, groups)
        parts.append(normalize(one, norm, f"{name}.conv_scale.bn"))
    for number in range(branches):
        each = conv(x, width, kernel, f"{name}.conv_kxk.{number}.conv", strides, groups)
        parts.append(normalize(each, norm, f"{name}.conv_kxk.{number}.bn"))
    if strides == 1 and x.shape[-1] == width:
        parts.append(normalize(x, norm, f"{name}.identity"))
    total = keras.layers.Add(name=f"{name}.sum")(parts) if len(parts) > 1 else parts[0]
    return activate(total, activation, f"{name}.act")
