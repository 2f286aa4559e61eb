"""What blocks of transformers and mixers of pictures share: patches, dense blocks, residual paths."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.initializers.truncated import TruncNormal
from kzoo.layers.drop_path import DropPath
from kzoo.layers.layer_scale import LayerScale
from kzoo.models.convolution import activate, conv


def patches(
    x: Any,
    dim: int,
    size: int,
    name: str = "patch_embed.proj",
    use_bias: bool = True,
    kernel_initializer: Any = None,
) -> Any:
    """Patches of a picture as vectors, a convolution that steps over them.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        dim: Length of the vectors.
        size: Height and width of a patch.
        name: Name of the layer.
        use_bias: Whether there is a bias.
        kernel_initializer: What the kernel starts from; None for what PyTorch's convolutions do.

    Returns:
        `(batch, rows, columns, dim)`.

    Raises:
        ValueError: If the patches don't fill the picture.
    """
    height, width = x.shape[1:3]
    if height % size or width % size:
        fitting = tuple(max(round(each / size), 1) * size for each in (height, width))
        raise ValueError(
            f"Patches of {size}×{size} don't fill pictures of {height}×{width}: resize the pictures, to "
            f"{fitting[0]}×{fitting[1]} for instance. Received: input_shape={tuple(x.shape[1:])}"
        )
    spread = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
    return conv(
        x,
        dim,
        size,
        name,
        strides=size,
        padding="valid",
        use_bias=use_bias,
        kernel_initializer=kernel_initializer or spread,
    )


def as_sequence(x: Any, name: str) -> Any:
    """A map `(batch, rows, columns, dim)` as tokens `(batch, rows·columns, dim)`, row by row."""
    return keras.layers.Reshape((x.shape[1] * x.shape[2], x.shape[3]), name=name)(x)


def as_map(x: Any, grid: tuple[int, int], name: str, prefix: int = 0) -> Any:
    """Tokens `(batch, prefix + rows·columns, dim)` as a map `(batch, rows, columns, dim)`."""
    return keras.layers.Reshape((*grid, x.shape[2]), name=name)(x[:, prefix:] if prefix else x)


def dense(x: Any, units: int, name: str, use_bias: bool = True, kernel_initializer: Any = None) -> Any:
    """A dense layer of the last axis, that starts from small numbers as transformers' do."""
    initializer = kernel_initializer or TruncNormal(stddev=0.02)
    return keras.layers.Dense(units, use_bias=use_bias, kernel_initializer=initializer, name=name)(x)


def mlp(x: Any, hidden: int, activation: Any, name: str, kernel_initializer: Any = None) -> Any:
    """Dense, activation, dense, back to as many channels as there were."""
    outputs = x.shape[-1]
    x = dense(x, hidden, f"{name}.fc1", kernel_initializer=kernel_initializer)
    x = activate(x, activation, f"{name}.act")
    return dense(x, outputs, f"{name}.fc2", kernel_initializer=kernel_initializer)


def residual(
    x: Any,
    path: Any,
    name: str,
    number: int | str = "",
    drop_path: float = 0.0,
    layer_scale: float | None = None,
    scale_name: str | None = None,
) -> Any:
    """What a block's path learned, added to what came in.

    Args:
        x: What came in.
        path: What was learned.
        name: How the names of the layers begin.
        number: Which path of the block it is; the names of the layers end in it.
        drop_path: Probability with which a sample skips the path in training.
        layer_scale: What the learned factors of the path's channels start from; None for no factors.
        scale_name: Name of their layer, in place of `ls` and the number.
    """
    if layer_scale is not None:
        path = LayerScale(layer_scale, name=scale_name or f"{name}.ls{number}")(path)
    if drop_path:
        path = DropPath(drop_path, name=f"{name}.drop_path{number}")(path)
    return keras.layers.Add(name=f"{name}.add{number}")([x, path])


def growing(drop_path: float, blocks: int) -> list[float]:
    """Probabilities of all blocks, from 0 to the last one's."""
    return [drop_path * each / max(blocks - 1, 1) for each in range(blocks)]
