"""EfficientNets: one table of stages, made wider and deeper together."""

from __future__ import annotations

import keras

from kzoo.models.convolution import BATCH_NORM, conv
from kzoo.models.inverted_residual import (
    Style,
    blocks_of,
    classifier,
    norm_act,
    rounded,
    run_stages,
    table_of,
)
from kzoo.models.picture_model import picture_model

# Rows as in kzoo.models.inverted_residual.Row: block, repeats, kernel, strides, expansion, channels, squeeze.
STAGES = {
    "b0": (
        ("separable", 1, 3, 1, 1, 16, 0.25),
        ("mbconv", 2, 3, 2, 6, 24, 0.25),
        ("mbconv", 2, 5, 2, 6, 40, 0.25),
        ("mbconv", 3, 3, 2, 6, 80, 0.25),
        ("mbconv", 3, 5, 1, 6, 112, 0.25),
        ("mbconv", 4, 5, 2, 6, 192, 0.25),
        ("mbconv", 1, 3, 1, 6, 320, 0.25),
    ),
    "lite0": (
        ("separable", 1, 3, 1, 1, 16),
        ("mbconv", 2, 3, 2, 6, 24),
        ("mbconv", 2, 5, 2, 6, 40),
        ("mbconv", 3, 3, 2, 6, 80),
        ("mbconv", 3, 5, 1, 6, 112),
        ("mbconv", 4, 5, 2, 6, 192),
        ("mbconv", 1, 3, 1, 6, 320),
    ),
    "v2_b0": (
        ("conv_skip", 1, 3, 1, 1, 16),
        ("fused", 2, 3, 2, 4, 32),
        ("fused", 2, 3, 2, 4, 48),
        ("mbconv", 3, 3, 2, 4, 96, 0.25),
        ("mbconv", 5, 3, 1, 6, 112, 0.25),
        ("mbconv", 8, 3, 2, 6, 192, 0.25),
    ),
    "v2_s": (
        ("conv_skip", 2, 3, 1, 1, 24),
        ("fused", 4, 3, 2, 4, 48),
        ("fused", 4, 3, 2, 4, 64),
        ("mbconv", 6, 3, 2, 4, 128, 0.25),
        ("mbconv", 9, 3, 1, 6, 160, 0.25),
        ("mbconv", 15, 3, 2, 6, 256, 0.25),
    ),
    "test": (
        ("conv_skip", 1, 3, 1, 1, 16),
        ("fused", 1, 3, 2, 4, 24),
        ("fused", 1, 3, 2, 4, 32),
        ("mbconv", 1, 3, 2, 4, 48, 0.25),
        ("mbconv", 1, 3, 2, 4, 64, 0.25),
    ),
}


@picture_model(head=("conv_head", "bn2", "classifier"))
def efficientnet(
    x,
    num_classes,
    stages="b0",
    width: float = 1.0,
    depth: float = 1.0,
    fixed_ends: bool = False,
    kept: float = 0.9,
    stem_width: int = 32,
    head_width: int = 1280,
    padding: str = "symmetric",
    activation="swish",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """An EfficientNet (Tan and Le 2019): inverted residual blocks with squeeze and excitation, scaled as a whole.

    Args:
        stages: "b0", "lite0", "v2_b0" or "v2_s", or a table of your own, whose rows are
            `(block, repeats, kernel, strides, expansion, channels, squeeze)`; see `kzoo.models.inverted_residual.Row`.
        width: Factor of the channels, which are rounded to multiples of 8.
        depth: Factor of the repeats, which are rounded up.
        fixed_ends: Whether the stem, the head, and the repeats of the first and the last stage are left as they are.
        kept: Which share of the channels rounding must leave.
        stem_width: Channels of the first convolution, before `width`.
        head_width: Channels of the last convolution, before `width`.
        padding: "symmetric", or "same" for how TensorFlow pads, which weights from there were trained with.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which a block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is at 1/2, 1/4 … 1/32 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Tan and Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
    arXiv:1905.11946; Tan and Le 2021, EfficientNetV2, arXiv:2104.00298.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.
    `keras.applications.EfficientNetB0` normalizes its pictures itself, has dropout of .2 in, and pads as
    `tf_efficientnet_b0` here.

    >>> from kzoo.models import efficientnet
    >>> efficientnet().count_params()  # 5,288,548 that learn, and moving statistics
    5330564
    """
    style = Style(activation, norm, padding)
    blocks = blocks_of(table_of(stages, STAGES), width, depth, fixed_ends, kept)
    stem, last = ((each if fixed_ends else rounded(each, width, kept)) for each in (stem_width, head_width))
    x = norm_act(conv(x, stem, 3, "conv_stem", 2, padding=padding), style, "bn1")
    features = run_stages(x, blocks, [style] * len(blocks), drop_path)

    def head():
        wide = norm_act(conv(features[-1], last, 1, "conv_head"), style, "bn2")
        return classifier(
            keras.layers.GlobalAveragePooling2D(name="global_pool")(wide), num_classes, drop_rate
        )

    return features, head
