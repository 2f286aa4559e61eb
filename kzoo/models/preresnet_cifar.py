"""Residual networks for pictures of 32×32 whose blocks normalize and activate first: shortcuts stay untouched."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.layers.drop_path import DropPath
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.resnet_cifar import classified, units_a_stage


@picture_model(head=("features.post_activ", "output"), native=(32, 32, 3), classes=10)
def preresnet_cifar(
    x,
    num_classes,
    depth: int = 164,
    block: str = "bottleneck",
    widths=(16, 32, 64),
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A residual network with pre-activation for small pictures (He et al. 2016): 110 or 164 layers in the paper.

    Args:
        depth: Layers with weights, shortcuts not counted: 6n + 2 with basic blocks, 9n + 2 with bottlenecks.
        block: "basic", two 3×3 convolutions, or "bottleneck", whose output has four times the channels.
        widths: Channels of each stage's blocks.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the three groups of blocks, at 1, 1/2 and 1/4 of the size, neither
        normalized nor activated.

    Raises:
        ValueError: If an argument is out of range.

    Paper: He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027.

    What differs: layers are named, and numbers come out, as in pytorchcv, whose weights files fit.

    >>> from kzoo.models import preresnet_cifar
    >>> preresnet_cifar(depth=164).count_params()  # 1,703,258 that learn, and moving statistics
    1727482
    """
    units = units_a_stage(depth, 2, {"basic": 6, "bottleneck": 9}.get(block))
    style = {"activation": activation, "norm": norm}
    stages = pre_activated_stages(x, widths[0], block, widths, units, drop_path, style)

    def head():
        return classified(post_activated(stages[-1], **style), num_classes, drop_rate)

    return stages, head


def pre_activated_stages(
    x: Any,
    stem: int,
    block: str,
    widths: Any,
    units: int,
    drop_path: float,
    style: dict[str, Any],
    block_drop_rate: float = 0.0,
) -> list[Any]:
    """A convolution to `stem` channels and groups of `units` blocks, each group but the first halving the size."""
    x = conv(x, stem, 3, "features.init_block")
    stages: list[Any] = []
    last = max(units * len(widths) - 1, 1)
    for stage, width in enumerate(widths):
        for index in range(units):
            x = _unit(
                x,
                f"features.stage{stage + 1}.unit{index + 1}",
                block,
                width,
                strides=2 if stage and index == 0 else 1,
                block_drop_rate=block_drop_rate,
                drop_path=drop_path * (stage * units + index) / last,
                **style,
            )
        stages.append(x)
    return stages


def _unit(
    x: Any,
    name: str,
    block: str,
    width: int,
    strides: int,
    block_drop_rate: float,
    drop_path: float,
    activation: Any,
    norm: Any,
) -> Any:
    """What the convolutions learn is added to what came in, or to a projection of it where sizes differ."""
    if block == "basic":
        steps = [(width, 3, strides), (width, 3, 1)]
    else:
        steps = [(width, 1, 1), (width, 3, strides), (4 * width, 1, 1)]
    outputs, shortcut = steps[-1][0], x
    for number, (filters, size, step) in enumerate(steps, start=1):
        inner = f"{name}.body.conv{number}"
        x = activate(normalize(x, norm, f"{inner}.bn"), activation, f"{inner}.activ")
        if number == 1 and (strides != 1 or shortcut.shape[-1] != outputs):
            shortcut = conv(x, outputs, 1, f"{name}.identity_conv", strides=strides)
        if number > 1 and block_drop_rate:
            x = keras.layers.Dropout(block_drop_rate, name=f"{inner}.drop")(x)
        x = conv(x, filters, size, f"{inner}.conv", strides=step)
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    return keras.layers.Add(name=f"{name}.add")([x, shortcut])


def post_activated(x: Any, activation: Any, norm: Any) -> Any:
    """The normalization and activation that the last block doesn't have."""
    x = normalize(x, norm, "features.post_activ.bn")
    return activate(x, activation, "features.post_activ.activ")
