"""Blocks of networks for small devices, and stages that are made of them by a table: depthwise, inverted, universal."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from kzoo.layers.drop_path import DropPath
from kzoo.layers.squeeze_excite import divisible
from kzoo.models.channel_attention import squeeze_excite
from kzoo.models.convolution import activate, conv, normalize


class Row(NamedTuple):
    """A row of a network's table: blocks that are alike.

    Args:
        block: "separable", a depthwise and a 1×1 convolution without activation behind it, "separable_act" with one;
            "mbconv", an inverted residual block; "fused", the same whose first two convolutions are one; "universal",
            one with two places for depthwise convolutions; "conv", a convolution; "conv_skip", one with a shortcut.
        repeats: How many blocks.
        kernel: Size of the kernel; of a universal block a pair, before and after the expansion, 0 for none.
        strides: Step of a stage's first block.
        expansion: How many times as many channels the block has inside.
        channels: Channels of the result.
        squeeze: Which share of the block's channels squeeze and excitation goes down to; 0 for none of it.
    """

    block: str
    repeats: int
    kernel: Any
    strides: int
    expansion: float
    channels: int
    squeeze: float = 0.0


@dataclasses.dataclass(frozen=True)
class Style:
    """What all blocks of a network have in common.

    Args:
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        padding: "symmetric", or "same" for TensorFlow's way.
        gate: What squeeze and excitation's weights go through.
        squeezed_activation: Its inner activation; None for `activation`.
        squeezes_expanded: Whether its share is one of the channels inside the block, rounded to multiples of 8, and
            not one of those that the block is given.
    """

    activation: Any
    norm: Any
    padding: str = "symmetric"
    gate: Any = "sigmoid"
    squeezed_activation: Any = None
    squeezes_expanded: bool = False


def table_of(stages: Any, tables: dict[str, Any]) -> Any:
    """The table that has this name, or what isn't a name as it is.

    Raises:
        ValueError: If no table has the name.
    """
    if not isinstance(stages, str):
        return stages
    if stages not in tables:
        raise ValueError(
            f"`stages` must be one of {', '.join(tables)}, or a table. Received: stages={stages!r}"
        )
    return tables[stages]


def rounded(channels: float, width: float = 1.0, kept: float = 0.9) -> int:
    """Channels times `width` as a multiple of 8.

    Args:
        channels: How many.
        width: The factor.
        kept: Which share of them rounding must leave, else the next multiple is taken.
    """
    return divisible(channels * width, 8, lost=1 - kept)


def norm_act(x: Any, style: Style, name: str, act: bool = True) -> Any:
    """A normalization, and the activation that goes with it."""
    x = normalize(x, style.norm, name)
    return activate(x, style.activation, f"{name}.act") if act else x


def blocks_of(
    stages: Sequence[Any], width: float = 1.0, depth: float = 1.0, fixed_ends: bool = False, kept: float = 0.9
) -> list[list[Row]]:
    """The blocks of each stage, scaled as EfficientNets are, a row a block.

    Args:
        stages: The table: a row a stage, or several rows.
        width: Factor of the channels.
        depth: Factor of the repeats, which are rounded up.
        fixed_ends: Whether the first and the last stage keep their repeats.
        kept: See `rounded`.

    Raises:
        ValueError: If a row isn't one.
    """
    result = []
    for number, stage in enumerate(stages):
        try:
            rows = [Row(*each) for each in ([stage] if isinstance(stage[0], str) else stage)]
        except TypeError as error:
            raise ValueError(
                "`stages` must have rows (block, repeats, kernel, strides, expansion, channels, squeeze). "
                f"Received: {stage!r}"
            ) from error
        factor = 1.0 if fixed_ends and number in (0, len(stages) - 1) else depth
        repeats = _scaled([row.repeats for row in rows], factor)
        result.append(
            [
                row._replace(
                    channels=rounded(row.channels, width, kept), strides=1 if index or at else row.strides
                )
                for at, (row, times) in enumerate(zip(rows, repeats))
                for index in range(times)
            ]
        )
    return result


def _scaled(repeats: list[int], factor: float) -> list[int]:
    """Repeats of a stage's rows when all of them together become `factor` times as many, rounded up: the last first."""
    before = sum(repeats)
    after = math.ceil(before * factor)
    result = []
    for each in reversed(repeats):
        result.insert(0, max(1, round(each / before * after)))
        before, after = before - each, after - result[0]
    return result


def run_stages(x: Any, blocks: list[list[Row]], styles: Sequence[Style], drop_path: float) -> list[Any]:
    """All blocks; gives what there is before each halving of the picture, and at the end.

    Args:
        x: What the stem gives.
        blocks: What `blocks_of` gives.
        styles: The style of each stage.
        drop_path: Probability with which a block behind the last is skipped; it grows linearly from 0.
    """
    features = []
    number, count = 0, sum(map(len, blocks))
    for stage, (rows, style) in enumerate(zip(blocks, styles)):
        if rows[0].strides > 1:
            features.append(x)
        for index, row in enumerate(rows):
            x = block(x, row, f"blocks.{stage}.{index}", style, drop_path * number / count)
            number += 1
    return [*features, x]


def block(x: Any, row: Row, name: str, style: Style, drop_path: float) -> Any:
    """One block, with what came in added where it fits."""
    try:
        inside = _INSIDE[row.block]
    except KeyError:
        raise ValueError(f"a block must be one of {', '.join(_INSIDE)}. Received: {row.block!r}") from None
    shortcut, x = x, inside(x, row, name, style)
    if row.block in ("conv", "separable_act") or row.strides > 1 or shortcut.shape[-1] != row.channels:
        return x
    if drop_path:
        x = DropPath(drop_path, name=f"{name}.drop_path")(x)
    return keras.layers.Add(name=f"{name}.add")([x, shortcut])


def _convolution(x: Any, row: Row, name: str, style: Style) -> Any:
    x = conv(x, row.channels, row.kernel, f"{name}.conv", row.strides, padding=style.padding)
    return norm_act(x, style, f"{name}.bn1")


def _separable(x: Any, row: Row, name: str, style: Style) -> Any:
    """A depthwise convolution, then one of a single place (Howard et al. 2017)."""
    given = x.shape[-1]
    x = conv(x, given, row.kernel, f"{name}.conv_dw", row.strides, groups=given, padding=style.padding)
    x = norm_act(x, style, f"{name}.bn1")
    x = _squeezed(x, row, f"{name}.se", style)
    x = conv(x, row.channels, 1, f"{name}.conv_pw")
    return norm_act(x, style, f"{name}.bn2", act=row.block == "separable_act")


def _inverted(x: Any, row: Row, name: str, style: Style) -> Any:
    """Wider, depthwise, narrow again without activation (Sandler et al. 2018)."""
    inner = rounded(x.shape[-1] * row.expansion)
    x = norm_act(conv(x, inner, 1, f"{name}.conv_pw"), style, f"{name}.bn1")
    x = conv(x, inner, row.kernel, f"{name}.conv_dw", row.strides, groups=inner, padding=style.padding)
    x = norm_act(x, style, f"{name}.bn2")
    x = _squeezed(x, row, f"{name}.se", style)
    return norm_act(conv(x, row.channels, 1, f"{name}.conv_pwl"), style, f"{name}.bn3", act=False)


def _fused(x: Any, row: Row, name: str, style: Style) -> Any:
    """An inverted residual block whose expansion sees a neighbourhood, in place of the depthwise convolution."""
    inner = rounded(x.shape[-1] * row.expansion)
    x = conv(x, inner, row.kernel, f"{name}.conv_exp", row.strides, padding=style.padding)
    x = norm_act(x, style, f"{name}.bn1")
    x = _squeezed(x, row, f"{name}.se", style)
    return norm_act(conv(x, row.channels, 1, f"{name}.conv_pwl"), style, f"{name}.bn2", act=False)


def _universal(x: Any, row: Row, name: str, style: Style) -> Any:
    """Inverted, with a depthwise convolution before the expansion, after it, or both (Qin et al. 2024)."""
    start, middle = row.kernel
    given, inner = x.shape[-1], rounded(x.shape[-1] * row.expansion)
    if start:
        strides = 1 if middle else row.strides
        x = conv(x, given, start, f"{name}.dw_start.conv", strides, groups=given, padding=style.padding)
        x = norm_act(x, style, f"{name}.dw_start.bn", act=False)
    x = norm_act(conv(x, inner, 1, f"{name}.pw_exp.conv"), style, f"{name}.pw_exp.bn")
    if middle:
        x = conv(x, inner, middle, f"{name}.dw_mid.conv", row.strides, groups=inner, padding=style.padding)
        x = norm_act(x, style, f"{name}.dw_mid.bn")
    x = _squeezed(x, row, f"{name}.se", style)
    return norm_act(conv(x, row.channels, 1, f"{name}.pw_proj.conv"), style, f"{name}.pw_proj.bn", act=False)


_INSIDE = {
    "separable": _separable,
    "separable_act": _separable,
    "mbconv": _inverted,
    "fused": _fused,
    "universal": _universal,
    "conv": _convolution,
    "conv_skip": _convolution,
}


def _squeezed(x: Any, row: Row, name: str, style: Style) -> Any:
    if not row.squeeze:
        return x
    inner = x.shape[-1]
    expansion = 1.0 if row.block.startswith("separable") else row.expansion
    units = (
        rounded(inner * row.squeeze) if style.squeezes_expanded else round(inner * (row.squeeze / expansion))
    )
    return squeeze_excite(
        x,
        name,
        units=units,
        activation=style.squeezed_activation or style.activation,
        gate=style.gate,
        layers=("conv_reduce", "conv_expand"),
    )


def classifier(x: Any, num_classes: int, drop_rate: float) -> Any:
    """The classes of pooled features, or those features where there are no classes."""
    if drop_rate:
        x = keras.layers.Dropout(drop_rate, name="drop")(x)
    if not num_classes:
        return x
    # Up to 1/√classes, as the first code of these networks had it.
    uniform = keras.initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
    return keras.layers.Dense(num_classes, kernel_initializer=uniform, name="classifier")(x)
