"""PoolFormer: a transformer whose attention is replaced by the mean of each patch's neighbours."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.initializers.truncated import TruncNormal
from kzoo.layers.drop_path import DropPath
from kzoo.layers.layer_scale import LayerScale
from kzoo.models.classifier_head import logits
from kzoo.models.convolution import activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.transformer_block import growing

# One group: mean and variance of a whole picture.
POOLFORMER_NORM = {"name": "group_normalization", "groups": 1, "epsilon": 1e-5}


@picture_model(head=("head",))
def poolformer(
    x,
    num_classes,
    depths=(2, 2, 6, 2),
    dims=(64, 128, 320, 512),
    pool_size: int = 3,
    mlp_ratio: float = 4.0,
    layer_scale: float | None = 1e-5,
    activation="gelu",
    norm=POOLFORMER_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A PoolFormer (Yu et al. 2022).

    Args:
        depths: Blocks of each stage.
        dims: Channels of each stage.
        pool_size: Height and width of the neighbourhood whose mean each place takes.
        mlp_ratio: How many times its channels the hidden layer of a block's MLP has.
        layer_scale: What the factors of each path's channels start from; None for no factors.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block's paths are skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are at 1/4, 1/8, 1/16 and 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Yu et al. 2022, MetaFormer Is Actually What You Need for Vision, arXiv:2111.11418.

    What differs: layers are named, and numbers come out, as in timm, whose classifier normalizes what is pooled.

    >>> from kzoo.models import poolformer
    >>> poolformer().count_params()
    11915176
    """
    if len(depths) != len(dims):
        raise ValueError(
            f"`depths` and `dims` must have one entry a stage. Received: depths={depths}, dims={dims}"
        )
    style = {
        "pool_size": pool_size,
        "mlp_ratio": mlp_ratio,
        "layer_scale": layer_scale,
        "activation": activation,
        "norm": norm,
    }
    x = keras.layers.ZeroPadding2D(2, name="stem.conv.pad")(x)
    x = _conv(x, dims[0], 7, "stem.conv", strides=4, padding="valid")
    stages, rates = [], iter(growing(drop_path, sum(depths)))
    for stage, (depth, dim) in enumerate(zip(depths, dims)):
        if x.shape[-1] != dim:
            x = _conv(x, dim, 3, f"stages.{stage}.downsample.conv", strides=2)
        for index in range(depth):
            x = _block(x, f"stages.{stage}.blocks.{index}", drop_path=next(rates), **style)
        stages.append(x)

    def head():
        pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, name="head.global_pool")(x)
        pooled = keras.layers.Flatten(name="head.flatten")(normalize(pooled, _of_head(norm), "head.norm"))
        return logits(pooled, num_classes, drop_rate, TruncNormal(stddev=0.02))

    return stages, head


def _of_head(norm: Any) -> Any:
    """The normalization of pooled features; that of a single place is the channels' alone."""
    return {"name": "layer_normalization", "epsilon": 1e-6} if norm == POOLFORMER_NORM else norm


def _conv(
    x: Any, filters: int, kernel_size: int, name: str, strides: int = 1, padding: str = "symmetric"
) -> Any:
    spread = TruncNormal(stddev=0.02)
    return conv(
        x,
        filters,
        kernel_size,
        name,
        strides=strides,
        use_bias=True,
        padding=padding,
        kernel_initializer=spread,
    )


def _block(
    x: Any,
    name: str,
    pool_size: int,
    mlp_ratio: float,
    layer_scale: float | None,
    activation: Any,
    norm: Any,
    drop_path: float,
) -> Any:
    """What the neighbours have more than each place has, then an MLP of each place, each added to what came in."""
    inner = normalize(x, norm, f"{name}.norm1")
    means = keras.layers.AveragePooling2D(pool_size, 1, padding="same", name=f"{name}.token_mixer.pool")(
        inner
    )
    mixed = keras.layers.Subtract(name=f"{name}.token_mixer.subtract")([means, inner])
    x = _added(x, mixed, name, 1, layer_scale, drop_path)
    dim = x.shape[-1]
    thought = _conv(normalize(x, norm, f"{name}.norm2"), int(dim * mlp_ratio), 1, f"{name}.mlp.fc1")
    thought = _conv(activate(thought, activation, f"{name}.mlp.act"), dim, 1, f"{name}.mlp.fc2")
    return _added(x, thought, name, 2, layer_scale, drop_path)


def _added(x: Any, path: Any, name: str, number: int, layer_scale: float | None, drop_path: float) -> Any:
    """What a path learned, added to what came in."""
    if drop_path:
        path = DropPath(drop_path, name=f"{name}.drop_path{number}")(path)
    if layer_scale is not None:
        path = ScaleOfPath(layer_scale, name=f"{name}.layer_scale{number}")(path)
    return keras.layers.Add(name=f"{name}.add{number}")([x, path])


@keras.saving.register_keras_serializable("kzoo")
class ScaleOfPath(LayerScale):
    """`LayerScale`, whose weight is called `scale` in published files."""

    torch_names = {}  # noqa: RUF012
