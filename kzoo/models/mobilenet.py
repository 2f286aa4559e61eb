"""MobileNets, first to fourth, and MnasNets: tables of blocks, and the two heads that there are."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import BATCH_NORM, activate, conv
from kzoo.models.inverted_residual import (
    Style,
    blocks_of,
    classifier,
    norm_act,
    rounded,
    run_stages,
    table_of,
)
from kzoo.models.mobilenet_stages import STAGES
from kzoo.models.picture_model import picture_model


@picture_model(head=("conv_head", "bn2", "classifier"))
def mobilenet(
    x,
    num_classes,
    stages="v2",
    width: float = 1.0,
    depth: float = 1.0,
    fixed_ends: bool = False,
    stem_width: int = 32,
    head_width: int = 1280,
    padding: str = "symmetric",
    activation="relu6",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """MobileNet (Howard et al. 2017), MobileNetV2 (Sandler et al. 2018), or MnasNet (Tan et al. 2019).

    Args:
        stages: "v1", "v2", "mnasnet_b1", "mnasnet_a1" or "mnasnet_small", or a table of your own, whose rows are
            `(block, repeats, kernel, strides, expansion, channels, squeeze)`; see `kzoo.models.inverted_residual.Row`.
        width: Factor of the channels, which are rounded to multiples of 8.
        depth: Factor of the repeats, which are rounded up.
        fixed_ends: Whether the stem, and the repeats of the first and the last stage are left as they are.
        stem_width: Channels of the first convolution, before `width`.
        head_width: Channels of the last convolution, whatever `width` is; 0 for none, as in MobileNet.
        padding: "symmetric", or "same" for how TensorFlow pads.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which a block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is at 1/2, 1/4 … 1/32 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381; Howard et
    al. 2017, arXiv:1704.04861; Tan et al. 2019, MnasNet, arXiv:1807.11626.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.
    `keras.applications.MobileNetV2` has another epsilon, and pads as TensorFlow does.

    >>> from kzoo.models import mobilenet
    >>> mobilenet().count_params()  # 3,504,872 that learn, and moving statistics
    3538984
    """
    style = Style(activation, norm, padding)
    blocks = blocks_of(table_of(stages, STAGES), width, depth, fixed_ends)
    stem = stem_width if fixed_ends else rounded(stem_width, width)
    features = _body(x, stem, blocks, style, [style] * len(blocks), drop_path)

    def head():
        last = features[-1]
        if head_width:
            last = norm_act(conv(last, head_width, 1, "conv_head"), style, "bn2")
        return classifier(
            keras.layers.GlobalAveragePooling2D(name="global_pool")(last), num_classes, drop_rate
        )

    return features, head


@picture_model(head=("conv_head", "norm_head", "classifier"))
def mobilenetv3(
    x,
    num_classes,
    stages="v3_large",
    width: float = 1.0,
    depth: float = 1.0,
    fixed_stem: bool = False,
    stem_width: int = 16,
    head_width: int = 1280,
    head_norm: bool = False,
    relu_stages: int = 3,
    padding: str = "symmetric",
    activation="hard_swish",
    gate="hard_sigmoid",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """MobileNetV3 (Howard et al. 2019) or V4 (Qin et al. 2024), whose last convolution comes after the pooling.

    Args:
        stages: "v3_large", "v3_small", "v3_large_minimal", "v3_small_minimal", "v4_conv_small", "v4_conv_medium" or
            "v4_conv_large", or a table of your own, whose rows are
            `(block, repeats, kernel, strides, expansion, channels, squeeze)`; see `kzoo.models.inverted_residual.Row`.
        width: Factor of the channels, which are rounded to multiples of 8.
        depth: Factor of the repeats, which are rounded up.
        fixed_stem: Whether the stem is left as it is.
        stem_width: Channels of the first convolution, before `width`.
        head_width: Channels of the last convolution, whatever `width` is.
        head_norm: Whether it is normalized, and has no bias: V4.
        relu_stages: How many stages have ReLU, which is cheaper where pictures are large, in place of `activation`.
        padding: "symmetric", or "same" for how TensorFlow pads, which weights from there were trained with.
        activation: Activation by name, mapping or callable.
        gate: What the weights of squeeze and excitation go through.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which a block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is at 1/2, 1/4 … 1/32 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244; Qin et al. 2024, MobileNetV4: Universal
    Models for the Mobile Ecosystem, arXiv:2404.10518.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first. To
    replace the activation everywhere say `relu_stages=0` too.

    >>> from kzoo.models import mobilenetv3
    >>> mobilenetv3().count_params()  # 5,483,032 that learn, and moving statistics
    5507432
    """
    style = Style(activation, norm, padding, gate, squeezed_activation="relu", squeezes_expanded=True)
    early = Style("relu", norm, padding, gate, squeezed_activation="relu", squeezes_expanded=True)
    blocks = blocks_of(table_of(stages, STAGES), width, depth)
    styles = [early if stage < relu_stages else style for stage in range(len(blocks))]
    stem = stem_width if fixed_stem else rounded(stem_width, width)
    features = _body(x, stem, blocks, style, styles, drop_path)

    def head():
        x = keras.layers.GlobalAveragePooling2D(keepdims=True, name="global_pool")(features[-1])
        x = conv(x, head_width, 1, "conv_head", use_bias=not head_norm)
        x = norm_act(x, style, "norm_head") if head_norm else activate(x, activation, "act2")
        return classifier(keras.layers.Flatten(name="flatten")(x), num_classes, drop_rate)

    return features, head


def _body(x: Any, stem: int, blocks: list, style: Style, styles: list[Style], drop_path: float) -> list[Any]:
    """The stem to half the size, and all stages."""
    x = norm_act(conv(x, stem, 3, "conv_stem", 2, padding=style.padding), style, "bn1")
    return run_stages(x, blocks, styles, drop_path)
