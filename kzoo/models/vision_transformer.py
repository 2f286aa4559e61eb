"""Vision transformers: a picture is a sequence of patches, and every patch looks at every other one."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.attention import SelfAttention
from kzoo.models.convolution import LAYER_NORM, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.tokens import PositionEmbedding, PrefixTokens
from kzoo.models.transformer_block import (
    as_map,
    as_sequence,
    dense,
    growing,
    mlp,
    patches,
    residual,
)

# As timm has it: the last blocks are the most useful features, and all are of one size.
_STAGES = 3


@picture_model(head=("norm", "fc_norm", "head", "head_dist"))
def vision_transformer(
    x,
    num_classes,
    patch_size: int = 16,
    dim: int = 768,
    depth: int = 12,
    heads: int = 12,
    mlp_ratio: float = 4.0,
    class_token: bool = True,
    distilled: bool = False,
    registers: int = 0,
    prefix_places: bool = True,
    pool: str = "token",
    qkv_bias: bool = True,
    qk_norm: bool = False,
    layer_scale: float | None = None,
    activation="gelu",
    norm=LAYER_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A vision transformer (Dosovitskiy et al. 2021), with DeiT's and DeiT III's variations.

    Args:
        patch_size: Height and width of a patch; patches must fill the picture.
        dim: Length of a token.
        depth: Blocks.
        heads: Heads of attention in each.
        mlp_ratio: How many times `dim` the hidden layer of a block's MLP has.
        class_token: Whether there is a token in front that learns what the whole picture is.
        distilled: Whether there is a distillation token too, with a classifier of its own (DeiT); logits, or features,
            are the means of both.
        registers: How many more tokens in front that stand for nothing.
        prefix_places: Whether the tokens in front have places of their own (false in DeiT III).
        pool: "token" for the class token, "avg" for the mean of the patches, which is normalized after it.
        qkv_bias: Whether queries, keys and values have biases.
        qk_norm: Whether each head's queries and keys are normalized.
        layer_scale: What the factors of each path's channels start from; None for no factors.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block's paths are skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the last three blocks, as maps of patches without the tokens in
        front, not normalized.

    Raises:
        ValueError: If an argument is out of range, or patches don't fill the pictures.

    Paper: Dosovitskiy et al. 2021, An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale,
    arXiv:2010.11929; Touvron et al. 2021 (DeiT, arXiv:2012.12877); Touvron et al. 2022 (DeiT III, arXiv:2204.07118).

    What differs: layers are named, and numbers come out, as in timm. Places in a file that are of another size are
    resampled as timm does it.

    >>> from kzoo.models import vision_transformer
    >>> vision_transformer(dim=192, heads=3).count_params()
    5717416
    """
    if pool not in ("token", "avg") or (pool == "token" and not class_token):
        raise ValueError(
            '`pool` must be "token", where there is a class token, or "avg". '
            f"Received: pool={pool!r}, class_token={class_token}"
        )
    if distilled and pool != "token":
        raise ValueError(f'`distilled` needs pool="token". Received: pool={pool!r}')
    x = patches(x, dim, patch_size)
    grid, prefix = tuple(x.shape[1:3]), int(class_token) + int(distilled) + registers
    x = as_sequence(x, "patch_embed.flatten")
    x = _places(x, grid, class_token, distilled, registers, prefix_places)
    stages = []
    for index, rate in enumerate(growing(drop_path, depth)):
        attention = SelfAttention(heads, qkv_bias, norm if qk_norm else None, name=f"blocks.{index}.attn")
        x = _block(x, f"blocks.{index}", attention, int(dim * mlp_ratio), activation, norm, rate, layer_scale)
        if index >= depth - _STAGES:
            stages.append(as_map(x, grid, f"blocks.{index}.map", prefix))

    def head():
        if pool == "avg":
            pooled = keras.layers.GlobalAveragePooling1D(name="global_pool")(x[:, prefix:])
            return _classifier(normalize(pooled, norm, "fc_norm"), num_classes, "head", drop_rate)
        tokens = normalize(x, norm, "norm")
        first = _classifier(tokens[:, 0], num_classes, "head", drop_rate)
        if not distilled:
            return first
        second = _classifier(tokens[:, 1], num_classes, "head_dist", drop_rate)
        return keras.layers.Average(name="mean_of_heads")([first, second])

    return stages, head


def _places(
    x: Any, grid: tuple[int, int], class_token: bool, distilled: bool, registers: int, prefix_places: bool
) -> Any:
    """Patches that know where they are, and the tokens in front of them."""
    prefix = int(class_token) + int(distilled) + registers
    if not prefix_places:
        x = PositionEmbedding(grid, name="pos_embed")(x)
    if registers:
        x = PrefixTokens(registers, name="reg_token")(x)
    if distilled:
        x = PrefixTokens(stddev=0.02, name="dist_token")(x)
    if class_token:
        x = PrefixTokens(name="cls_token")(x)
    return PositionEmbedding(grid, prefix, name="pos_embed")(x) if prefix_places else x


def _block(
    x: Any,
    name: str,
    attention: keras.layers.Layer,
    hidden: int,
    activation: Any,
    norm: Any,
    drop_path: float,
    layer_scale: float | None,
) -> Any:
    """Attention, then an MLP of each token, each added to what came in."""
    attended = attention(normalize(x, norm, f"{name}.norm1"))
    x = residual(x, attended, name, 1, drop_path, layer_scale)
    thought = mlp(normalize(x, norm, f"{name}.norm2"), hidden, activation, f"{name}.mlp")
    return residual(x, thought, name, 2, drop_path, layer_scale)


def _classifier(x: Any, num_classes: int, name: str, drop_rate: float) -> Any:
    if drop_rate:
        x = keras.layers.Dropout(drop_rate, name=f"{name}_drop")(x)
    return dense(x, num_classes, name) if num_classes else x
