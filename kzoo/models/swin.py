"""Swin transformers: attention within windows that move every other block, and maps that shrink stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kzoo.arguments import count
from kzoo.initializers.truncated import TruncNormal
from kzoo.models.classifier_head import classifier_head
from kzoo.models.convolution import normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.transformer_block import dense, growing, mlp, patches, residual
from kzoo.models.window_attention import WindowAttention
from kzoo.models.windows import NeighboursAsChannels

SWIN_NORM = {"name": "layer_normalization", "epsilon": 1e-5}


@picture_model(head=("norm", "head"))
def swin(
    x,
    num_classes,
    patch_size: int = 4,
    dim: int = 96,
    depths=(2, 2, 6, 2),
    heads=(3, 6, 12, 24),
    window=7,
    mlp_ratio: float = 4.0,
    qkv_bias: bool = True,
    activation="gelu",
    norm=SWIN_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A Swin transformer (Liu et al. 2021).

    Args:
        patch_size: Height and width of a patch; patches must fill the picture.
        dim: Channels of the first stage; every later one has twice as many as the one before.
        depths: Blocks of each stage; the windows of every second one are shifted.
        heads: Heads of attention of each stage.
        window: Rows and columns of a window, or one number for each stage; a map that is smaller is one window.
        mlp_ratio: How many times its channels the hidden layer of a block's MLP has.
        qkv_bias: Whether queries, keys and values have biases.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block's paths are skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are at 1/4, 1/8, 1/16 and 1/32 for patches of 4×4, not normalized.

    Raises:
        ValueError: If an argument is out of range, or patches don't fill the pictures.

    Paper: Liu et al. 2021, Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, arXiv:2103.14030.

    What differs: layers are named, and numbers come out, as in timm, whose `drop_path_rate` is .1 unless it is told.
    Tables in a file that are for other windows are resampled as timm does it.

    >>> from kzoo.models import swin
    >>> swin((32, 32, 3), dim=32, depths=[2, 2], heads=[2, 4]).output_shape
    (None, 1000)
    """
    style = {"mlp_ratio": mlp_ratio, "activation": activation, "norm": norm}

    def block(x, name, stage, shifted, rate):
        attention = WindowAttention(heads[stage], windows[stage], shifted, qkv_bias, name=f"{name}.attn")
        return _block(x, name, attention, drop_path=rate, **style)

    windows = by_stage(depths, heads, window)
    return stages_and_head(
        x, num_classes, patch_size, dim, depths, block, _merged, norm, drop_rate, drop_path
    )


def by_stage(depths: Any, heads: Any, window: Any) -> list[int]:
    """The window of each stage."""
    windows = [window] * len(depths) if isinstance(window, int) else list(window)
    if not len(depths) == len(heads) == len(windows):
        raise ValueError(
            "`depths`, `heads` and `window`, where it is a list, must have one entry a stage. "
            f"Received: depths={depths}, heads={heads}, window={window}"
        )
    return [count(window=each) for each in windows]


def stages_and_head(
    x: Any,
    num_classes: int,
    patch_size: int,
    dim: int,
    depths: Any,
    block: Callable,
    merged: Callable,
    norm: Any,
    drop_rate: float,
    drop_path: float,
) -> tuple[list[Any], Callable]:
    """Patches, stages of blocks with fewer and longer ones from each to the next, and a classifier of their mean."""
    x = normalize(patches(x, dim, patch_size), norm, "patch_embed.norm")
    stages, rates = [], iter(growing(drop_path, sum(depths)))
    for stage, depth in enumerate(depths):
        if stage:
            x = merged(x, f"layers.{stage}.downsample", norm)
        for index in range(depth):
            x = block(x, f"layers.{stage}.blocks.{index}", stage, index % 2 == 1, next(rates))
        stages.append(x)

    def head():
        return classifier_head(normalize(x, norm, "norm"), num_classes, drop_rate, TruncNormal(stddev=0.02))

    return stages, head


def _block(
    x: Any,
    name: str,
    attention: keras.layers.Layer,
    mlp_ratio: float,
    activation: Any,
    norm: Any,
    drop_path: float,
) -> Any:
    """Attention within windows, then an MLP of each patch, each added to what came in."""
    x = residual(x, attention(normalize(x, norm, f"{name}.norm1")), name, 1, drop_path)
    hidden = int(x.shape[-1] * mlp_ratio)
    thought = mlp(normalize(x, norm, f"{name}.norm2"), hidden, activation, f"{name}.mlp")
    return residual(x, thought, name, 2, drop_path)


def _merged(x: Any, name: str, norm: Any) -> Any:
    """Half as many rows and columns: four neighbours become one, normalized, with twice the channels of one."""
    dim = x.shape[-1]
    x = normalize(NeighboursAsChannels(name=f"{name}.neighbours")(x), norm, f"{name}.norm")
    return dense(x, 2 * dim, f"{name}.reduction", use_bias=False)
