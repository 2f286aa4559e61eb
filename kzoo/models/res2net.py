"""Res2Net: bottlenecks whose 3×3 convolution is a chain of small ones, each seeing more than the one before."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add, classifier, residual_stages, shortcut


@picture_model(head=("fc",))
def res2net(
    x,
    num_classes,
    depths=(3, 4, 6, 3),
    widths=(64, 128, 256, 512),
    scales: int = 4,
    scale_width: int = 26,
    groups: int = 1,
    stem: str = "plain",
    stem_width: int = 64,
    pooled_shortcut: bool = False,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """Res2Net (Gao et al. 2019).

    Args:
        depths: Blocks of each stage.
        widths: Channels of each stage's blocks; their output has four times as many.
        scales: Into how many parts a block's channels are split.
        scale_width: Channels of a part, where a stage of width 64 is meant.
        groups: Groups of the 3×3 convolutions: Res2NeXt.
        stem: "plain", one 7×7 convolution, or "deep", three of 3×3.
        stem_width: Channels of the plain stem, or of the deep one's first two convolutions.
        pooled_shortcut: Whether a shortcut that shrinks takes means before its 1×1 convolution.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Gao et al. 2019, Res2Net: A New Multi-scale Backbone Architecture, arXiv:1904.01169.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.

    >>> from kzoo.models import res2net
    >>> model = res2net(input_shape=(32, 32, 3), num_classes=10, depths=[1, 1, 1, 1])
    >>> model.output_shape
    (None, 10)
    """
    if scales < 2:
        raise ValueError(f"`scales` must be at least 2. Received: scales={scales}")
    style = {"activation": activation, "norm": norm}
    stages = residual_stages(
        x,
        lambda x, **more: _block(
            x, scales=scales, scale_width=scale_width, groups=groups, pooled=pooled_shortcut, **style, **more
        ),
        depths,
        widths,
        stem,
        stem_width,
        "max",
        drop_path,
        **style,
    )
    return stages, lambda: classifier(stages[-1], num_classes, drop_rate)


def _block(
    x: Any,
    name: str,
    stage: int,
    width: int,
    strides: int,
    drop_path: float,
    scales: int,
    scale_width: int,
    groups: int,
    pooled: bool,
    activation: Any,
    norm: Any,
) -> Any:
    """A bottleneck with a hierarchy of 3×3 convolutions."""
    came_in = shortcut(x, f"{name}.downsample", 4 * width, strides, pooled, norm)
    first = came_in is not x
    part = width * scale_width // 64 * groups
    x = activate(
        normalize(conv(x, part * scales, 1, f"{name}.conv1"), norm, f"{name}.bn1"),
        activation,
        f"{name}.act1",
    )
    parts = [x[..., index * part : (index + 1) * part] for index in range(scales)]
    outputs: list[Any] = []
    for index, each in enumerate(parts[:-1]):
        if outputs and not first:  # the first block of a stage has nothing yet that could be handed on
            each = keras.layers.Add(name=f"{name}.hand_on.{index}")([outputs[-1], each])
        each = conv(each, part, 3, f"{name}.convs.{index}", strides=strides, groups=groups)
        each = normalize(each, norm, f"{name}.bns.{index}")
        outputs.append(activate(each, activation, f"{name}.acts.{index}"))
    outputs.append(_mean(parts[-1], strides, name) if first else parts[-1])
    x = keras.layers.Concatenate(name=f"{name}.concat")(outputs)
    x = normalize(conv(x, 4 * width, 1, f"{name}.conv3"), norm, f"{name}.bn3", gamma="zeros")
    return activate(add(x, came_in, name, drop_path), activation, f"{name}.act3")


def _mean(x: Any, strides: int, name: str) -> Any:
    """Means of 3×3 places, of which those beyond the border count as zeros."""
    x = keras.layers.ZeroPadding2D(1, name=f"{name}.pool.pad")(x)
    return keras.layers.AveragePooling2D(3, strides, name=f"{name}.pool")(x)
