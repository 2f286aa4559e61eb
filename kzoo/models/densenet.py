"""DenseNets: every layer sees what all before it in its block gave."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import BATCH_NORM, activate, conv, max_pool, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("classifier",))
def densenet(
    x,
    num_classes,
    depths=(6, 12, 24, 16),
    growth: int = 32,
    bottleneck: int = 4,
    reduction: float = 0.5,
    layer_drop_rate: float = 0.0,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
):
    """A DenseNet-BC (Huang et al. 2017): narrow layers whose outputs are put next to all their inputs.

    Args:
        depths: Layers of each block.
        growth: Channels that each layer adds: k.
        bottleneck: How many times k a layer's 1×1 convolution gives.
        reduction: Which share of the channels goes on from one block to the next: θ.
        layer_drop_rate: Rate of the dropout at the end of each layer.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem and the blocks, at 1/2, 1/4 … 1/32, the last normalized.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Huang et al. 2017, Densely Connected Convolutional Networks, arXiv:1608.06993.

    What differs: layers are named, and numbers come out, as in timm, which takes its pictures channels first.
    `keras.applications.DenseNet121` has an epsilon of 1.001e-5.

    >>> from kzoo.models import densenet
    >>> densenet().count_params()  # 7,978,856 that learn, and moving statistics
    8062504
    """
    style = {"activation": activation, "norm": norm}
    x = conv(x, 2 * growth, 7, "features.conv0", strides=2, kernel_initializer=_he())
    x = _norm_act(x, "features.norm0", **style)
    stages = [x]
    x = max_pool(x, 3, 2, "features.pool0")
    for number, depth in enumerate(depths, start=1):
        for index in range(1, depth + 1):
            name = f"features.denseblock{number}.denselayer{index}"
            x = _dense_layer(x, name, growth, bottleneck, layer_drop_rate, **style)
        if number < len(depths):
            stages.append(x)
            x = _transition(x, f"features.transition{number}", int(x.shape[-1] * reduction), **style)
    x = _norm_act(x, "features.norm5", **style)
    stages.append(x)

    def head():
        pooled = keras.layers.GlobalAveragePooling2D(name="global_pool")(x)
        if drop_rate:
            pooled = keras.layers.Dropout(drop_rate, name="head_drop")(pooled)
        if not num_classes:
            return pooled
        uniform = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")  # as torch begins
        return keras.layers.Dense(num_classes, kernel_initializer=uniform, name="classifier")(pooled)

    return stages, head


def _dense_layer(
    x: Any, name: str, growth: int, bottleneck: int, drop_rate: float, activation: Any, norm: Any
) -> Any:
    """What came in, and `growth` channels more."""
    new = _norm_act(x, f"{name}.norm1", activation, norm)
    new = conv(new, bottleneck * growth, 1, f"{name}.conv1", kernel_initializer=_he())
    new = _norm_act(new, f"{name}.norm2", activation, norm)
    new = conv(new, growth, 3, f"{name}.conv2", kernel_initializer=_he())
    if drop_rate:
        new = keras.layers.Dropout(drop_rate, name=f"{name}.drop")(new)
    return keras.layers.Concatenate(name=f"{name}.concat")([x, new])


def _transition(x: Any, name: str, width: int, activation: Any, norm: Any) -> Any:
    """Fewer channels, and half the size."""
    x = _norm_act(x, f"{name}.norm", activation, norm)
    x = conv(x, width, 1, f"{name}.conv", kernel_initializer=_he())
    return keras.layers.AveragePooling2D(2, name=f"{name}.pool")(x)


def _norm_act(x: Any, name: str, activation: Any, norm: Any) -> Any:
    return activate(normalize(x, norm, name), activation, f"{name}.act")


def _he() -> Any:
    """He's normal distribution over the inputs, as the paper has it."""
    return keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
