"""RegNets: residual networks whose widths grow along a line."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kzoo.layers.drop_path import DropPath
from kzoo.models.channel_attention import squeeze_excite
from kzoo.models.classifier_head import classifier_head
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("head",))
def regnet(
    x,
    num_classes,
    depth: int = 13,
    first_width: int = 24,
    slope: float = 36.44,
    ratio: float = 2.49,
    group_width: int = 8,
    squeeze: float = 0.0,
    stem_width: int = 32,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A RegNetX, or with squeeze and excitation a RegNetY (Radosavovic et al. 2020).

    Block i would have `first_width + slope·i` channels; it gets the nearest of `first_width·ratio^k`, and blocks of as
    many channels are a stage.

    Args:
        depth: Blocks in all.
        first_width: w₀.
        slope: wₐ.
        ratio: w_m, above 1.
        group_width: Channels of a group of the 3×3 convolutions.
        squeeze: Which share of a block's input squeeze and excitation goes down to; 0 for none of it.
        stem_width: Channels of the first convolution.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Radosavovic et al. 2020, Designing Network Design Spaces, arXiv:2003.13678.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.

    >>> from kzoo.models import regnet
    >>> regnet(squeeze=0.25).count_params()  # 3,162,996 that learn, and moving statistics
    3183844
    """
    if not ratio > 1 or slope < 0:
        raise ValueError(
            f"`ratio` must be above 1, and `slope` not below 0. Received: ratio={ratio}, slope={slope}"
        )
    x = _step(x, stem_width, 3, "stem", norm, strides=2, activation=activation, act_name="stem.bn.act")
    stages = [x]
    number = 0
    for stage, (width, blocks) in enumerate(_stages(depth, first_width, slope, ratio, group_width), start=1):
        for index in range(1, blocks + 1):
            x = _block(
                x,
                f"s{stage}.b{index}",
                width,
                strides=2 if index == 1 else 1,
                groups=width // min(group_width, width),
                squeeze=squeeze,
                drop_path=drop_path * number / max(depth - 1, 1),
                activation=activation,
                norm=norm,
            )
            number += 1
        stages.append(x)

    return stages, lambda: classifier_head(x, num_classes, drop_rate)


def _stages(depth: int, first: int, slope: float, ratio: float, group: int) -> list[tuple[int, int]]:
    """Channels and number of blocks of each stage."""
    wanted = first + slope * np.arange(depth)
    powers = np.round(np.log(wanted / first) / np.log(ratio))
    widths, blocks = np.unique(np.round(first * ratio**powers / 8) * 8, return_counts=True)
    groups = [min(group, int(width)) for width in widths]
    return [(round(width / each) * each, int(count)) for width, each, count in zip(widths, groups, blocks)]


def _block(
    x: Any,
    name: str,
    width: int,
    strides: int,
    groups: int,
    squeeze: float,
    drop_path: float,
    activation: Any,
    norm: Any,
) -> Any:
    """A bottleneck that isn't narrower inside; what came in is added."""
    given, shortcut = x.shape[-1], x
    if given != width or strides > 1:
        shortcut = _step(x, width, 1, f"{name}.downsample", norm, strides=strides)
    act = {"activation": activation}
    x = _step(x, width, 1, f"{name}.conv1", norm, **act, act_name=f"{name}.conv1.bn.act")
    x = _step(x, width, 3, f"{name}.conv2", norm, strides, groups, **act, act_name=f"{name}.conv2.bn.act")
    if squeeze:
        x = squeeze_excite(x, f"{name}.se", units=round(given * squeeze), activation=activation)
    x = _step(x, width, 1, f"{name}.conv3", norm, gamma="zeros")
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    x = keras.layers.Add(name=f"{name}.add")([x, shortcut])
    return activate(x, activation, f"{name}.act3")


def _step(
    x: Any,
    filters: int,
    kernel: int,
    name: str,
    norm: Any,
    strides: int = 1,
    groups: int = 1,
    activation: Any = None,
    act_name: str = "",
    gamma: str = "ones",
) -> Any:
    """Convolution and normalization, and an activation if it has a name."""
    x = conv(x, filters, kernel, f"{name}.conv", strides, groups)
    x = normalize(x, norm, f"{name}.bn", gamma=gamma)
    return activate(x, activation, act_name) if act_name else x
