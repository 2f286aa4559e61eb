"""GhostNet: half of the channels are made from the other half, cheaply."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.layers.squeeze_excite import divisible
from kzoo.models.channel_attention import squeeze_excite
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.inverted_residual import classifier
from kzoo.models.picture_model import picture_model

# Kernel, channels inside, channels of the result, squeeze, strides: a row a block, a tuple a stage.
_STAGES = (
    ((3, 16, 16, 0, 1),),
    ((3, 48, 24, 0, 2),),
    ((3, 72, 24, 0, 1),),
    ((5, 72, 40, 0.25, 2),),
    ((5, 120, 40, 0.25, 1),),
    ((3, 240, 80, 0, 2),),
    (
        (3, 200, 80, 0, 1),
        (3, 184, 80, 0, 1),
        (3, 184, 80, 0, 1),
        (3, 480, 112, 0.25, 1),
        (3, 672, 112, 0.25, 1),
    ),
    ((5, 672, 160, 0.25, 2),),
    ((5, 960, 160, 0, 1), (5, 960, 160, 0.25, 1), (5, 960, 160, 0, 1), (5, 960, 160, 0.25, 1)),
)


@picture_model(head=("blocks.8", "blocks.9", "conv_head", "classifier"))
def ghostnet(
    x,
    num_classes,
    width: float = 1.0,
    head_width: int = 1280,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
):
    """GhostNet (Han et al. 2020): inverted residual blocks of ghost modules.

    Args:
        width: Factor of the channels, which are rounded to multiples of 4.
        head_width: Channels of the last convolution, whatever `width` is.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier; the paper has .2.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem's convolution, not normalized yet, and what the block that
        halves the picture gives each time: at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Han et al. 2020, GhostNet: More Features from Cheap Operations, arXiv:1911.11907.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.

    >>> from kzoo.models import ghostnet
    >>> ghostnet().count_params()  # 5,182,508 that learn, and moving statistics
    5204476
    """
    style = {"activation": activation, "norm": norm}

    def channels(number: float) -> int:
        return divisible(number * width, 4, lost=0.1)

    x = conv(x, channels(16), 3, "conv_stem", strides=2)
    stages = [x]
    x = activate(normalize(x, norm, "bn1"), activation, "act1")
    inside = 0
    for stage, rows in enumerate(_STAGES):
        for index, (kernel, inner, outputs, squeeze, strides) in enumerate(rows):
            inside = channels(inner)
            name = f"blocks.{stage}.{index}"
            x = _bottleneck(x, name, kernel, inside, channels(outputs), squeeze, strides, **style)
        if rows[-1][-1] > 1:
            stages.append(x)

    def head():
        last = conv(x, inside, 1, f"blocks.{len(_STAGES)}.0.conv")
        name = f"blocks.{len(_STAGES)}.0.bn1"
        last = activate(normalize(last, norm, name), activation, f"{name}.act")
        last = keras.layers.GlobalAveragePooling2D(keepdims=True, name="global_pool")(last)
        last = activate(conv(last, head_width, 1, "conv_head", use_bias=True), activation, "act2")
        return classifier(keras.layers.Flatten(name="flatten")(last), num_classes, drop_rate)

    return stages, head


def _bottleneck(
    x: Any,
    name: str,
    kernel: int,
    inside: int,
    outputs: int,
    squeeze: float,
    strides: int,
    activation: Any,
    norm: Any,
) -> Any:
    """Two ghost modules, wider and narrow again; what came in is added."""
    given = x.shape[-1]
    shortcut = x
    if given != outputs or strides > 1:
        shortcut = conv(x, given, kernel, f"{name}.shortcut.0", strides, groups=given)
        shortcut = normalize(shortcut, norm, f"{name}.shortcut.1")
        shortcut = conv(shortcut, outputs, 1, f"{name}.shortcut.2")
        shortcut = normalize(shortcut, norm, f"{name}.shortcut.3")
    x = _ghost(x, inside, f"{name}.ghost1", activation, norm)
    if strides > 1:
        x = normalize(
            conv(x, inside, kernel, f"{name}.conv_dw", strides, groups=inside), norm, f"{name}.bn_dw"
        )
    if squeeze:
        units = divisible(inside * squeeze, 4, lost=0.1)
        names = ("conv_reduce", "conv_expand")
        x = squeeze_excite(x, f"{name}.se", units=units, gate="hard_sigmoid", layers=names)
    x = _ghost(x, outputs, f"{name}.ghost2", None, norm)
    return keras.layers.Add(name=f"{name}.add")([x, shortcut])


def _ghost(x: Any, outputs: int, name: str, activation: Any, norm: Any) -> Any:
    """Half of the channels by a convolution, the other half each from one of those."""
    half = outputs // 2
    primary = normalize(conv(x, half, 1, f"{name}.primary_conv.0"), norm, f"{name}.primary_conv.1")
    primary = activate(primary, activation, f"{name}.primary_conv.2")
    cheap = conv(primary, half, 3, f"{name}.cheap_operation.0", groups=half)
    cheap = normalize(cheap, norm, f"{name}.cheap_operation.1")
    cheap = activate(cheap, activation, f"{name}.cheap_operation.2")
    return keras.layers.Concatenate(name=f"{name}.concat")([primary, cheap])
