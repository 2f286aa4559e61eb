"""A convolution with the normalization and the activation behind it, named as in timm."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import activate, conv, normalize


def conv_norm_act(
    x: Any,
    filters: int,
    kernel_size: int | tuple[int, int],
    name: str,
    norm: Any,
    activation: Any,
    strides: int = 1,
    groups: int = 1,
    padding: str = "symmetric",
    kernel_initializer: Any = None,
) -> Any:
    """Layers `NAME.conv`, `NAME.bn` and `NAME.act`.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        filters: Channels of the result.
        kernel_size: Height and width of the kernel, alike or two odd numbers; those step by 1 and keep the size.
        name: How the names of the layers begin.
        norm: Normalization by name, mapping or layer; None for none.
        activation: Activation by name, mapping or callable; None for none.
        strides: Step in both directions.
        groups: Groups of channels that don't see each other.
        padding: As `kzoo.models.convolution.conv` has it.
        kernel_initializer: None for He's normal distribution.
    """
    if isinstance(kernel_size, int):
        x = conv(
            x,
            filters,
            kernel_size,
            f"{name}.conv",
            strides,
            groups,
            padding=padding,
            kernel_initializer=kernel_initializer,
        )
    else:
        x = keras.layers.Conv2D(
            filters,
            kernel_size,
            padding="same",
            use_bias=False,
            kernel_initializer=kernel_initializer or "he_normal",
            name=f"{name}.conv",
        )(x)
    x = normalize(x, norm, f"{name}.bn")
    return x if activation is None else activate(x, activation, f"{name}.act")
