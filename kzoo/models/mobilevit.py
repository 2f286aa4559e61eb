"""MobileViT: inverted residual blocks, and between them transformers that look across patches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kzoo.initializers.truncated import TruncNormal
from kzoo.models.attention import SelfAttention
from kzoo.models.classifier_head import classifier_head
from kzoo.models.conv_norm_act import conv_norm_act
from kzoo.models.convolution import BATCH_NORM, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add
from kzoo.models.transformer_block import growing, mlp, residual

_LAYER_NORM = {"name": "layer_normalization", "epsilon": 1e-5}


@picture_model(head=("final_conv", "head"), native=(256, 256, 3))
def mobilevit(
    x,
    num_classes,
    stem_width: int = 16,
    widths=(16, 24, 48, 64, 80),
    depths=(1, 3, 1, 1, 1),
    expansion: float = 2.0,
    dims=(64, 80, 96),
    layers=(2, 4, 3),
    head_width: int = 320,
    patch_size: int = 2,
    heads: int = 4,
    mlp_ratio: float = 2.0,
    activation="silu",
    norm=BATCH_NORM,
    token_norm=_LAYER_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A MobileViT (Mehta and Rastegari 2022).

    Args:
        stem_width: Channels of the first convolution.
        widths: Channels of each stage.
        depths: Inverted residual blocks of each stage.
        expansion: How many times as many channels those have inside.
        dims: Length of the tokens of the last stages' transformers, one number a stage that ends in one.
        layers: Blocks of each of these transformers.
        head_width: Channels of the last convolution.
        patch_size: Height and width of the patches: a token looks at those that have its place in other patches.
        heads: Heads of attention.
        mlp_ratio: How many times as wide as a token its MLP is inside.
        activation: Activation by name, mapping or callable.
        norm: Normalization of the convolutions, by name, mapping or layer.
        token_norm: That of the transformers.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last inverted residual block is skipped in training; it grows linearly
            from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are its five groups of blocks, at 1/2, 1/4 … 1/32, the last behind the
        last convolution.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Mehta and Rastegari 2022, MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer,
    arXiv:2110.02178.

    What differs: layers are named, and numbers come out, as in timm. Maps that patches don't fill are stretched on the
    way through the transformer.

    >>> from kzoo.models import mobilevit
    >>> mobilevit().count_params()  # 1,272,024 that learn, and moving statistics
    1276136
    """
    if not len(widths) == len(depths) > len(dims) == len(layers):
        raise ValueError(
            "`widths` and `depths` are to have one entry a stage, `dims` and `layers` one for each of the last stages. "
            f"Received: widths={widths}, depths={depths}, dims={dims}, layers={layers}"
        )
    style = {"norm": norm, "activation": activation}
    rates = iter(growing(drop_path, sum(depths)))
    x = conv_norm_act(x, stem_width, 3, "stem", strides=2, **style)
    stages, without = [], len(widths) - len(dims)
    for stage, (width, depth) in enumerate(zip(widths, depths)):
        for index in range(depth):
            strides = 2 if stage and not index else 1
            x = _inverted(x, f"stages.{stage}.{index}", width, strides, expansion, next(rates), **style)
        if stage >= without:
            sizes = (dims[stage - without], layers[stage - without], heads, mlp_ratio, patch_size)
            x = _look_across(x, f"stages.{stage}.{depth}", sizes, token_norm, **style)
        stages.append(x)
    x = stages[-1] = conv_norm_act(x, head_width, 1, "final_conv", **style)

    def head():
        return classifier_head(x, num_classes, drop_rate, TruncNormal(stddev=0.02))

    return stages, head


def _inverted(
    x: Any,
    name: str,
    width: int,
    strides: int,
    expansion: float,
    drop_path: float,
    norm: Any,
    activation: Any,
) -> Any:
    """Wider, depthwise, narrow again without activation (Sandler et al. 2018)."""
    given, inner = x, round(x.shape[-1] * expansion)
    x = conv_norm_act(x, inner, 1, f"{name}.conv1_1x1", norm, activation)
    x = conv_norm_act(x, inner, 3, f"{name}.conv2_kxk", norm, activation, strides, groups=inner)
    x = conv_norm_act(x, width, 1, f"{name}.conv3_1x1", norm, None)
    return add(x, given, name, drop_path) if strides == 1 and given.shape[-1] == width else x


def _look_across(x: Any, name: str, sizes: Sequence[Any], token_norm: Any, norm: Any, activation: Any) -> Any:
    """The paper's figure 1b: a convolution looks near, a transformer far, and another convolution at both."""
    dim, layers, heads, mlp_ratio, patch_size = sizes
    given, width, size = x, x.shape[-1], x.shape[1:3]
    x = conv_norm_act(x, width, 3, f"{name}.conv_kxk", norm, activation)
    x = conv(x, dim, 1, f"{name}.conv_1x1")
    filled = tuple(math.ceil(each / patch_size) * patch_size for each in size)
    if math.prod(filled) == patch_size**2:
        raise ValueError(
            f"{name} would look across a single patch: pictures are to be larger. Scale the pictures up."
        )
    x = _of_size(x, filled)
    x = _unfolded(x, patch_size)
    for number in range(layers):
        block = f"{name}.transformer.{number}"
        attention = SelfAttention(heads, name=f"{block}.attn")
        x = residual(x, attention(normalize(x, token_norm, f"{block}.norm1")), block, 1)
        thought = normalize(x, token_norm, f"{block}.norm2")
        x = residual(x, mlp(thought, round(dim * mlp_ratio), activation, f"{block}.mlp"), block, 2)
    x = normalize(x, token_norm, f"{name}.norm")
    x = _of_size(_folded(x, filled, patch_size), size)
    x = conv_norm_act(x, width, 1, f"{name}.conv_proj", norm, activation)
    both = keras.layers.Concatenate(name=f"{name}.concat")([given, x])
    return conv_norm_act(both, width, 3, f"{name}.conv_fusion", norm, activation)


def _of_size(x: Any, size: tuple[int, ...]) -> Any:
    return x if tuple(x.shape[1:3]) == tuple(size) else ops.image.resize(x, size, "bilinear")


def _unfolded(x: Any, patch: int) -> Any:
    """A map as sequences: one of the patches for each place in a patch, `(batch·patch², patches, dim)`."""
    _, height, width, dim = x.shape
    x = ops.reshape(x, (-1, height // patch, patch, width // patch, patch, dim))
    return ops.reshape(ops.transpose(x, (0, 2, 4, 1, 3, 5)), (-1, height * width // patch**2, dim))


def _folded(x: Any, size: tuple[int, ...], patch: int) -> Any:
    """Those sequences as a map again."""
    (height, width), dim = size, x.shape[-1]
    x = ops.reshape(x, (-1, patch, patch, height // patch, width // patch, dim))
    return ops.reshape(ops.transpose(x, (0, 3, 1, 4, 2, 5)), (-1, height, width, dim))
