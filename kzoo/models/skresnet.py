"""Selective kernels: residual networks that weigh, channel by channel, how far a convolution looks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.layers.squeeze_excite import divisible
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add, classifier, residual_stages, shortcut


@picture_model(head=("fc",))
def skresnet(
    x,
    num_classes,
    block: str = "basic",
    depths=(2, 2, 2, 2),
    widths=(64, 128, 256, 512),
    groups: int = 1,
    group_width: int = 64,
    ratio: float = 1 / 8,
    divisor: int = 16,
    split_input: bool = True,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A residual network with selective kernels (Li et al. 2019).

    Args:
        block: "bottleneck" or "basic".
        depths: Blocks of each stage.
        widths: Channels of each stage's blocks; a bottleneck's output has four times as many.
        groups: Groups of a bottleneck's 3×3 convolutions.
        group_width: Channels of a group, where a stage of width 64 is meant.
        ratio: Which share of the channels the layer has that chooses between the kernels, at least `divisor`.
        divisor: What its number of units is rounded to a multiple of.
        split_input: Whether each kernel sees a half of the channels only, which saves half of the weights.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Li et al. 2019, Selective Kernel Networks, arXiv:1903.06586.

    What differs: as in timm, the 5×5 kernel is one of 3×3 with holes, and `split_input`, which the paper doesn't have,
    is on.

    >>> from kzoo.models import skresnet
    >>> model = skresnet(input_shape=(32, 32, 3), num_classes=10, depths=[1, 1, 1, 1])
    >>> model.output_shape
    (None, 10)
    """
    if block not in ("basic", "bottleneck"):
        raise ValueError(f'`block` must be "basic" or "bottleneck". Received: block={block!r}')
    style = {"activation": activation, "norm": norm}
    selecting = {"ratio": ratio, "divisor": divisor, "split_input": split_input, **style}

    def make(x: Any, name: str, stage: int, width: int, strides: int, drop_path: float) -> Any:
        outputs = width if block == "basic" else 4 * width
        came_in = shortcut(x, f"{name}.downsample", outputs, strides, False, norm)
        if block == "basic":
            x = _select(x, width, f"{name}.conv1", strides, 1, **selecting)
            last, size = f"{name}.conv2", 3
        else:
            inner = width * group_width // 64 * groups
            x = conv(x, inner, 1, f"{name}.conv1.conv")
            x = activate(normalize(x, norm, f"{name}.conv1.bn"), activation, f"{name}.conv1.act")
            x = _select(x, inner, f"{name}.conv2", strides, groups, **selecting)
            last, size = f"{name}.conv3", 1
        x = normalize(conv(x, outputs, size, f"{last}.conv"), norm, f"{last}.bn")
        return activate(add(x, came_in, name, drop_path), activation, f"{name}.act")

    stages = residual_stages(x, make, depths, widths, "plain", 64, "max", drop_path, **style)
    return stages, lambda: classifier(stages[-1], num_classes, drop_rate)


def _select(
    x: Any,
    filters: int,
    name: str,
    strides: int,
    groups: int,
    ratio: float,
    divisor: int,
    split_input: bool,
    activation: Any,
    norm: Any,
) -> Any:
    """A near and a far convolution, and how much of each, by the means of both."""
    half = x.shape[-1] // 2
    inputs = [x[..., :half], x[..., half:]] if split_input else [x, x]
    paths = []
    for index, each in enumerate(inputs):
        path = f"{name}.paths.{index}"
        step, holes = strides, index + 1
        if step == holes == 2:
            # Keras has no convolution with both. All places that it looks at are even ones: they alone are kept.
            each, step, holes = each[:, ::2, ::2], 1, 1
        each = conv(each, filters, 3, f"{path}.conv", strides=step, groups=groups, dilation=holes)
        paths.append(activate(normalize(each, norm, f"{path}.bn"), activation, f"{path}.act"))
    means = keras.layers.Add(name=f"{name}.attn.sum")(paths)
    means = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}.attn.mean")(means)
    means = conv(means, divisible(filters * ratio, divisor), 1, f"{name}.attn.fc_reduce")
    means = activate(normalize(means, norm, f"{name}.attn.bn"), activation, f"{name}.attn.act")
    logits = conv(means, 2 * filters, 1, f"{name}.attn.fc_select")
    shares = ops.softmax(ops.reshape(logits, (-1, 1, 1, 2, filters)), axis=-2)
    return paths[0] * shares[..., 0, :] + paths[1] * shares[..., 1, :]
