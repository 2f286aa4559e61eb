"""Swin transformers of the second version: normalized after each path, with cosines for scores."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.swin import SWIN_NORM, by_stage, stages_and_head
from kzoo.models.transformer_block import dense, mlp, residual
from kzoo.models.window_attention import CosineWindowAttention
from kzoo.models.windows import NeighboursAsChannels


@picture_model(head=("norm", "head"), native=(256, 256, 3))
def swin_v2(
    x,
    num_classes,
    patch_size: int = 4,
    dim: int = 96,
    depths=(2, 2, 6, 2),
    heads=(3, 6, 12, 24),
    window=8,
    trained_window=None,
    mlp_ratio: float = 4.0,
    qkv_bias: bool = True,
    activation="gelu",
    norm=SWIN_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A Swin transformer of the second version (Liu et al. 2022).

    Args:
        patch_size: Height and width of a patch; patches must fill the picture.
        dim: Channels of the first stage; every later one has twice as many as the one before.
        depths: Blocks of each stage; the windows of every second one are shifted.
        heads: Heads of attention of each stage.
        window: Rows and columns of a window, or one number for each stage; a map that is smaller is one window.
        trained_window: The window of each stage that the weights were first trained with, if it was another.
        mlp_ratio: How many times its channels the hidden layer of a block's MLP has.
        qkv_bias: Whether queries and values have biases.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block's paths are skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are at 1/4, 1/8, 1/16 and 1/32 for patches of 4×4.

    Raises:
        ValueError: If an argument is out of range, or patches don't fill the pictures.

    Paper: Liu et al. 2022, Swin Transformer V2: Scaling Up Capacity and Resolution, arXiv:2111.09883.

    What differs: layers are named, and numbers come out, as in timm, whose `drop_path_rate` is .1 unless it is told.
    Weights fit pictures and windows of any size.

    >>> from kzoo.models import swin_v2
    >>> swin_v2((32, 32, 3), dim=32, depths=[2, 2], heads=[2, 4]).output_shape
    (None, 1000)
    """
    style = {"mlp_ratio": mlp_ratio, "activation": activation, "norm": norm}

    def block(x, name, stage, shifted, rate):
        attention = CosineWindowAttention(
            heads[stage],
            windows[stage],
            shifted,
            qkv_bias,
            None if trained is None else trained[stage],
            name=f"{name}.attn",
        )
        return _block(x, name, attention, drop_path=rate, **style)

    windows = by_stage(depths, heads, window)
    trained = None if trained_window is None else by_stage(depths, heads, trained_window)
    return stages_and_head(
        x, num_classes, patch_size, dim, depths, block, _merged, norm, drop_rate, drop_path
    )


def _block(
    x: Any,
    name: str,
    attention: keras.layers.Layer,
    mlp_ratio: float,
    activation: Any,
    norm: Any,
    drop_path: float,
) -> Any:
    """Attention within windows, then an MLP of each patch; what is added is normalized, and begins as nothing."""
    x = residual(x, normalize(attention(x), norm, f"{name}.norm1", gamma="zeros"), name, 1, drop_path)
    thought = mlp(x, int(x.shape[-1] * mlp_ratio), activation, f"{name}.mlp")
    return residual(x, normalize(thought, norm, f"{name}.norm2", gamma="zeros"), name, 2, drop_path)


def _merged(x: Any, name: str, norm: Any) -> Any:
    """Half as many rows and columns: four neighbours become one, with twice the channels of one, normalized."""
    dim = x.shape[-1]
    x = dense(
        NeighboursAsChannels(name=f"{name}.neighbours")(x), 2 * dim, f"{name}.reduction", use_bias=False
    )
    return normalize(x, norm, f"{name}.norm")
