"""ConvMixer: patches, then depthwise convolutions and ones of a single place in turn, all of the same size."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("head",))
def convmixer(
    x,
    num_classes,
    width: int = 768,
    depth: int = 32,
    kernel_size: int = 7,
    patch_size: int = 7,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
):
    """A ConvMixer (Trockman and Kolter 2022).

    Args:
        width: Channels.
        depth: Number of blocks.
        kernel_size: Of the depthwise convolutions; odd.
        patch_size: Height and width of a patch.
        activation: Activation by name, mapping or callable; most of the paper's have "gelu".
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the blocks, all of the same size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Trockman and Kolter 2022, Patches Are All You Need?, arXiv:2201.09792.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first. Where
    patches don't divide a picture, what is left over at its end isn't seen, there as here.

    >>> from kzoo.models import convmixer
    >>> convmixer().count_params()  # 21,110,248 that learn, and moving statistics
    21210088
    """
    if kernel_size % 2 == 0:
        raise ValueError(f"`kernel_size` must be odd. Received: kernel_size={kernel_size}")
    if min(x.shape[1:3]) < patch_size:
        raise ValueError(
            f"The picture is smaller than a patch of {patch_size}×{patch_size}. Scale the pictures up, "
            f"or give a smaller `patch_size`. Received: a picture of {x.shape[1]}×{x.shape[2]}"
        )
    style = {"activation": activation, "norm": norm}
    patches = {"padding": "valid", "kernel_initializer": _uniform(patch_size**2 * x.shape[-1])}
    x = conv(x, width, patch_size, "stem.0", patch_size, use_bias=True, **patches)
    x = _act_norm(x, "stem", 1, **style)
    stages = []
    for index in range(depth):
        name = f"blocks.{index}"
        mixed = conv(
            x,
            width,
            kernel_size,
            f"{name}.0.fn.0",
            groups=width,
            use_bias=True,
            kernel_initializer=_uniform(kernel_size**2),
        )
        mixed = _act_norm(mixed, f"{name}.0.fn", 1, **style)
        x = keras.layers.Add(name=f"{name}.0.add")([mixed, x])
        x = conv(x, width, 1, f"{name}.1", use_bias=True, kernel_initializer=_uniform(width))
        x = _act_norm(x, name, 2, **style)
        stages.append(x)

    def head():
        pooled = keras.layers.GlobalAveragePooling2D(name="global_pool")(x)
        if drop_rate:
            pooled = keras.layers.Dropout(drop_rate, name="head_drop")(pooled)
        if not num_classes:
            return pooled
        return keras.layers.Dense(num_classes, kernel_initializer=_uniform(width), name="head")(pooled)

    return stages, head


def _act_norm(x: Any, name: str, number: int, activation: Any, norm: Any) -> Any:
    """An activation and then a normalization: that order is the paper's."""
    return normalize(activate(x, activation, f"{name}.{number}"), norm, f"{name}.{number + 1}")


def _uniform(inputs: int) -> Any:
    """How torch begins."""
    return keras.initializers.RandomUniform(-(inputs**-0.5), inputs**-0.5)
