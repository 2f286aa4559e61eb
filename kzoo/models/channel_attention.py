"""Layers that weigh the channels of a picture, by name, inside the blocks of convolutional networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from kzoo.layers.squeeze_excite import divisible
from kzoo.models.activation import make_norm
from kzoo.models.convolution import activate


def channel_attention(x: Any, spec: Any, name: str) -> Any:
    """Weighs the channels of a picture.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        spec: "se" for squeeze and excitation, or a mapping `{"name": "se", "ratio": …}` with arguments of
            `squeeze_excite`; the name of another layer, such as "eca"; None for none.
        name: How the names of the layers begin.
    """
    if spec is None:
        return x
    spec = {"name": spec} if isinstance(spec, str) else dict(spec) if isinstance(spec, Mapping) else spec
    if isinstance(spec, dict) and spec["name"] == "se":
        return squeeze_excite(x, name, **{key: value for key, value in spec.items() if key != "name"})
    if isinstance(spec, dict) and spec["name"] == "eca":
        name = f"{name}.conv"  # as its one weight is called in published files
    return make_norm(spec, name)(x)


def squeeze_excite(
    x: Any,
    name: str,
    ratio: float = 1 / 16,
    divisor: int = 8,
    units: int | None = None,
    activation: Any = "relu",
    gate: Any = "sigmoid",
    layers: tuple[str, str] = ("fc1", "fc2"),
) -> Any:
    """Squeeze and excitation (Hu et al. 2018) as convolutions of a single place, which is how weights of it are kept.

    Args:
        x: Pictures, `(batch, height, width, channels)`.
        name: How the names of the layers begin.
        ratio: Which share of the channels the hidden layer has.
        divisor: What its number of units is rounded to a multiple of.
        units: That number, in place of `ratio` and `divisor`.
        activation: Activation of the hidden layer.
        gate: Activation of the weights.
        layers: Names of the two convolutions.
    """
    channels = x.shape[-1]
    squeeze, excite = layers
    units = units or divisible(channels * ratio, divisor)
    weights = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}.mean")(x)
    weights = keras.layers.Conv2D(units, 1, name=f"{name}.{squeeze}")(weights)
    weights = activate(weights, activation, f"{name}.act")
    weights = keras.layers.Conv2D(channels, 1, name=f"{name}.{excite}")(weights)
    weights = activate(weights, gate, f"{name}.gate")
    return keras.layers.Multiply(name=f"{name}.scale")([x, weights])
