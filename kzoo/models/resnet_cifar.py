"""The residual networks of He et al. for pictures of 32×32: three stages of 16, 32 and 64 channels, and no pooling."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.layers.drop_path import DropPath
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("output",), native=(32, 32, 3), classes=10)
def resnet_cifar(
    x,
    num_classes,
    depth: int = 20,
    block: str = "basic",
    widths=(16, 32, 64),
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A residual network for small pictures (He et al. 2016): 20, 32, 44, 56 or 110 layers in the paper.

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
        `kzoo.models.picture_model`. Its stages are the three groups of blocks, at 1, 1/2 and 1/4 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: He et al. 2016, Deep Residual Learning for Image Recognition, arXiv:1512.03385.

    What differs: layers are named, and numbers come out, as in pytorchcv, whose weights files fit. Shortcuts that
    change the size are 1×1 convolutions (the paper's option B); the paper's own runs on CIFAR-10 fill up with zeros.

    >>> from kzoo.models import resnet_cifar
    >>> resnet_cifar(depth=20).count_params()  # 272,474 that learn, and moving statistics
    274042
    """
    units = units_a_stage(depth, 2, {"basic": 6, "bottleneck": 9}.get(block))
    style = {"activation": activation, "norm": norm}
    x = conv_block(x, widths[0], 3, "features.init_block", **style)
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
                drop_path=drop_path * (stage * units + index) / last,
                **style,
            )
        stages.append(x)

    return stages, lambda: classified(x, num_classes, drop_rate)


def _unit(
    x: Any, name: str, block: str, width: int, strides: int, drop_path: float, activation: Any, norm: Any
) -> Any:
    """What the convolutions learn is added to what came in."""
    if block == "basic":
        steps = [(width, 3, strides), (width, 3, 1)]
    else:
        steps = [(width, 1, 1), (width, 3, strides), (4 * width, 1, 1)]
    outputs, shortcut = steps[-1][0], x
    if strides != 1 or x.shape[-1] != outputs:
        shortcut = conv_block(x, outputs, 1, f"{name}.identity_conv", strides, activation=None, norm=norm)
    for number, (filters, size, step) in enumerate(steps, start=1):
        last = number == len(steps)
        inner = f"{name}.body.conv{number}"
        x = conv_block(x, filters, size, inner, step, activation=None if last else activation, norm=norm)
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    x = keras.layers.Add(name=f"{name}.add")([x, shortcut])
    return activate(x, activation, f"{name}.activ")


def conv_block(
    x: Any, filters: int, kernel_size: int, name: str, strides: int = 1, *, activation: Any, norm: Any
) -> Any:
    """Convolution, normalization, and an activation if there is one."""
    x = normalize(conv(x, filters, kernel_size, f"{name}.conv", strides=strides), norm, f"{name}.bn")
    return x if activation is None else activate(x, activation, f"{name}.activ")


def classified(x: Any, num_classes: int, drop_rate: float) -> Any:
    """Logits of the means over all places; the means themselves where there are no classes."""
    pooled = keras.layers.GlobalAveragePooling2D(name="features.final_pool")(x)
    if drop_rate:
        pooled = keras.layers.Dropout(drop_rate, name="drop")(pooled)
    return keras.layers.Dense(num_classes, name="output")(pooled) if num_classes else pooled


def units_a_stage(depth: int, outside: int, each: int | None) -> int:
    """How many blocks each of the three stages has in a network of so many layers.

    Args:
        depth: Layers of the network.
        outside: Layers that are in no block.
        each: Layers of three blocks, one a stage; None if there is no such block.
    """
    if each is None:
        raise ValueError('`block` must be "basic" or "bottleneck".')
    units, rest = divmod(depth - outside, each)
    if rest or units < 1:
        shown = f"{outside + each}, {outside + 2 * each}, {outside + 3 * each} …"
        raise ValueError(f"`depth` must be {each}·n + {outside}: {shown} Received: depth={depth}")
    return units
