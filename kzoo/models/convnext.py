"""ConvNeXts, first and second: convolutional networks with what transformers brought up."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.initializers.truncated import TruncNormal
from kzoo.layers.drop_path import DropPath
from kzoo.layers.global_response_norm import GlobalResponseNorm
from kzoo.layers.layer_scale import LayerScale
from kzoo.models.classifier_head import logits
from kzoo.models.convolution import LAYER_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("head",))
def convnext(
    x,
    num_classes,
    depths=(3, 3, 9, 3),
    widths=(96, 192, 384, 768),
    kernel_size: int = 7,
    patch_size: int = 4,
    mlp_ratio: float = 4.0,
    mlp: str = "dense",
    response_norm: bool = False,
    layer_scale: float = 1e-6,
    activation="gelu",
    norm=LAYER_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A ConvNeXt (Liu et al. 2022): depthwise 7×7, normalization, then a perceptron at each place.

    Args:
        depths: Blocks of each stage.
        widths: Channels of each stage.
        kernel_size: Of the depthwise convolutions.
        patch_size: Step of the stem, whose patches don't overlap.
        mlp_ratio: How many times as many channels the perceptron has inside.
        mlp: "dense", or "conv" for the same as 1×1 convolutions, as weights of small models are kept.
        response_norm: Whether the perceptron has global response normalization in it: ConvNeXt V2.
        layer_scale: What the factors of a block's channels start from; 0 for no factors, as in V2.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the four groups of blocks, at 1/4, 1/8, 1/16 and 1/32.

    Raises:
        ValueError: If an argument is out of range, or a picture too small.

    Paper: Liu et al. 2022, A ConvNet for the 2020s, arXiv:2201.03545; Woo et al. 2023, ConvNeXt V2, arXiv:2301.00808.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.
    `keras.applications.ConvNeXtTiny` normalizes its pictures itself.

    >>> from kzoo.models import convnext
    >>> convnext(depths=[2, 2, 6, 2], widths=[40, 80, 160, 320]).count_params()
    3695520
    """
    if len(depths) != len(widths):
        raise ValueError(
            f"`depths` and `widths` are to have one entry a stage. Received: depths={depths}, widths={widths}"
        )
    block = {
        "kernel_size": kernel_size,
        "mlp_ratio": mlp_ratio,
        "mlp": mlp,
        "response_norm": response_norm,
        "layer_scale": layer_scale,
        "activation": activation,
        "norm": norm,
    }
    x = _patches(x, widths[0], patch_size, "stem.0")
    x = normalize(x, norm, "stem.1")
    stages = []
    number, last = 0, max(sum(depths) - 1, 1)
    for stage, (depth, width) in enumerate(zip(depths, widths)):
        if stage:
            x = normalize(x, norm, f"stages.{stage}.downsample.0")
            x = _patches(x, width, 2, f"stages.{stage}.downsample.1")
        for index in range(depth):
            x = _block(x, f"stages.{stage}.blocks.{index}", drop_path=drop_path * number / last, **block)
            number += 1
        stages.append(x)

    def head():
        pooled = keras.layers.GlobalAveragePooling2D(name="head.global_pool")(x)
        pooled = normalize(pooled, norm, "head.norm")
        return logits(pooled, num_classes, drop_rate, TruncNormal(stddev=0.02))

    return stages, head


def _patches(x: Any, width: int, size: int, name: str) -> Any:
    """A convolution of places that don't overlap."""
    if min(each for each in x.shape[1:3] if each is not None) < size:
        raise ValueError(
            f"The picture is too small: {x.shape[1]}×{x.shape[2]} is left before '{name}', which takes patches "
            f"of {size}×{size}. Scale the pictures up, or give a smaller `patch_size`."
        )
    initial = TruncNormal(stddev=0.02)
    return conv(x, width, size, name, size, use_bias=True, padding="valid", kernel_initializer=initial)


def _block(
    x: Any,
    name: str,
    kernel_size: int,
    mlp_ratio: float,
    mlp: str,
    response_norm: bool,
    layer_scale: float,
    activation: Any,
    norm: Any,
    drop_path: float,
) -> Any:
    """Neighbours first, channels then; what came in is added."""
    shortcut, width = x, x.shape[-1]
    initial = TruncNormal(stddev=0.02)
    x = conv(
        x, width, kernel_size, f"{name}.conv_dw", groups=width, use_bias=True, kernel_initializer=initial
    )
    x = normalize(x, norm, f"{name}.norm")
    x = _everywhere(x, int(width * mlp_ratio), mlp, f"{name}.mlp.fc1")
    x = activate(x, activation, f"{name}.mlp.act")
    if response_norm:
        x = GlobalResponseNorm(name=f"{name}.mlp.grn")(x)
    x = _everywhere(x, width, mlp, f"{name}.mlp.fc2")
    if layer_scale:
        x = LayerScale(layer_scale, name=f"{name}.gamma")(x)
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    return keras.layers.Add(name=f"{name}.add")([x, shortcut])


def _everywhere(x: Any, units: int, mlp: str, name: str) -> Any:
    """A dense layer at each place."""
    initial = TruncNormal(stddev=0.02)
    if mlp == "conv":
        return conv(x, units, 1, name, use_bias=True, kernel_initializer=initial)
    if mlp != "dense":
        raise ValueError(f'`mlp` must be "dense" or "conv". Received: mlp={mlp!r}')
    return keras.layers.Dense(units, kernel_initializer=initial, name=name)(x)
