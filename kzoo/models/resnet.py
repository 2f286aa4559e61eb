"""Residual networks, and what later papers changed in them: wider, grouped, with attention, with another stem."""

from __future__ import annotations

from typing import Any

from kzoo.models.channel_attention import channel_attention
from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add, classifier, residual_stages, shortcut


@picture_model(head=("fc",))
def resnet(
    x,
    num_classes,
    block="bottleneck",
    depths=(3, 4, 6, 3),
    widths=(64, 128, 256, 512),
    groups: int = 1,
    group_width: int = 64,
    stem: str = "plain",
    stem_width: int = 64,
    stem_pool: str = "max",
    pooled_shortcut: bool = False,
    attention=None,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A residual network (He et al. 2016), with its stride in the 3×3 convolution of a block, as today's are.

    Args:
        block: "bottleneck" or "basic", or one of them for each stage.
        depths: Blocks of each stage.
        widths: Channels of each stage's blocks; a bottleneck's output has four times as many.
        groups: Groups of a bottleneck's 3×3 convolution: ResNeXt's cardinality.
        group_width: Channels of a group, where a stage of width 64 is meant.
        stem: "plain", one 7×7 convolution, or "deep", three of 3×3.
        stem_width: Channels of the plain stem, or of the deep one's first two convolutions, or their two numbers.
        stem_pool: "max", or "conv" for a convolution in its place.
        pooled_shortcut: Whether a shortcut that shrinks takes means before its 1×1 convolution (ResNet-D).
        attention: What weighs the channels at the end of a block: "se", "eca", or any layer; None for nothing.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the four groups of blocks, at 1/2, 1/4 … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: He et al. 2016, Deep Residual Learning for Image Recognition, arXiv:1512.03385; Hu et al. 2018
    (arXiv:1709.01507), Xie et al. 2017 (arXiv:1611.05431), He et al. 2019 (ResNet-D, arXiv:1812.01187).

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.
    `keras.applications.ResNet50` has its strides in the 1×1 convolutions and biases in all.

    >>> from kzoo.models import resnet
    >>> resnet(block="basic", depths=[2, 2, 2, 2]).count_params()  # 11,689,512 that learn, and moving statistics
    11699112
    """
    blocks = [block] * len(depths) if isinstance(block, str) else list(block)
    if not set(blocks) <= {"basic", "bottleneck"} or not len(blocks) == len(depths) == len(widths):
        raise ValueError(
            '`block` must be "basic" or "bottleneck", and it, `depths` and `widths` are to have one entry a stage. '
            f"Received: block={block!r}, depths={depths}, widths={widths}"
        )
    style = {"activation": activation, "norm": norm}
    stages = residual_stages(
        x,
        lambda x, stage, width, **more: _block(
            x,
            kind=blocks[stage - 1],
            width=width,
            groups=groups,
            inner=width * group_width // 64 * groups,
            pooled_shortcut=pooled_shortcut,
            attention=attention,
            **style,
            **more,
        ),
        depths,
        widths,
        stem,
        stem_width,
        stem_pool,
        drop_path,
        **style,
    )
    return stages, lambda: classifier(stages[-1], num_classes, drop_rate)


def _block(
    x: Any,
    name: str,
    kind: str,
    width: int,
    strides: int,
    groups: int,
    inner: int,
    pooled_shortcut: bool,
    attention: Any,
    drop_path: float,
    activation: Any,
    norm: Any,
) -> Any:
    """One residual block: what it learns is added to what came in."""
    outputs = width if kind == "basic" else 4 * width
    came_in = shortcut(x, f"{name}.downsample", outputs, strides, pooled_shortcut, norm)
    if kind == "basic":
        steps = [(width, 3, strides, 1), (outputs, 3, 1, 1)]
    else:
        steps = [(inner, 1, 1, 1), (inner, 3, strides, groups), (outputs, 1, 1, 1)]
    for number, (filters, size, step, parts) in enumerate(steps, start=1):
        last = number == len(steps)
        x = conv(x, filters, size, f"{name}.conv{number}", strides=step, groups=parts)
        # A block that begins as nothing lets deep networks start like shallow ones (Goyal et al. 2017).
        x = normalize(x, norm, f"{name}.bn{number}", gamma="zeros" if last else "ones")
        if not last:
            x = activate(x, activation, f"{name}.act{number}")
    x = channel_attention(x, attention, f"{name}.se")
    x = add(x, came_in, name, drop_path)
    return activate(x, activation, f"{name}.act{len(steps)}")
