"""Densely connected networks for pictures of 32×32: every layer sees all that came before it."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import BATCH_NORM, activate, conv, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.preresnet_cifar import post_activated
from kzoo.models.resnet_cifar import classified, units_a_stage

# A unit has many inputs and few outputs: drawn by its outputs, kernels would give ever larger numbers.
_KERNEL = "he_normal"


@picture_model(head=("features.post_activ", "output"), native=(32, 32, 3), classes=10)
def densenet_cifar(
    x,
    num_classes,
    depth: int = 100,
    growth_rate: int = 12,
    bottleneck: bool = False,
    compression: float = 0.5,
    stem_width: int | None = None,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    block_drop_rate: float = 0.0,
):
    """A densely connected network for small pictures (Huang et al. 2017), DenseNet(-BC) (L=depth, k=growth_rate).

    Args:
        depth: Layers with weights: 3n + 4, or 6n + 4 with bottlenecks.
        growth_rate: Channels that each unit adds.
        bottleneck: Whether a 1×1 convolution to four times the growth rate comes before each 3×3 one.
        compression: Which share of the channels goes on to the next stage.
        stem_width: Channels of the first convolution; None for twice the growth rate.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        block_drop_rate: Rate of the dropout on what each unit adds; the paper's is .2 where pictures aren't augmented.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the three dense blocks, at 1, 1/2 and 1/4 of the size, neither
        normalized nor activated.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Huang et al. 2017, Densely Connected Convolutional Networks, arXiv:1608.06993.

    What differs: layers are named, and numbers come out, as in pytorchcv, whose weights files fit. The paper's networks
    without bottlenecks are those of `compression=1, stem_width=16`; pytorchcv compresses them too.

    >>> from kzoo.models import densenet_cifar
    >>> densenet_cifar(depth=100, bottleneck=True).count_params()  # 769,162 that learn, and moving statistics
    793150
    """
    if not 0 < compression <= 1:
        raise ValueError(f"`compression` must be above 0 and at most 1. Received: compression={compression}")
    units = units_a_stage(depth, 4, 6 if bottleneck else 3)
    style = {"activation": activation, "norm": norm}
    x = conv(x, stem_width or 2 * growth_rate, 3, "features.init_block", kernel_initializer=_KERNEL)
    stages: list[Any] = []
    for stage in range(1, 4):
        name = f"features.stage{stage}"
        if stage > 1:
            x = _pre_activated_conv(
                x, int(compression * x.shape[-1]), 1, f"{name}.trans{stage}.conv", **style
            )
            x = keras.layers.AveragePooling2D(2, name=f"{name}.trans{stage}.pool")(x)
        for unit in range(1, units + 1):
            x = _unit(x, f"{name}.unit{unit}", growth_rate, bottleneck, block_drop_rate, **style)
        stages.append(x)

    def head():
        return classified(post_activated(x, **style), num_classes, drop_rate)

    return stages, head


def _unit(
    x: Any, name: str, growth_rate: int, bottleneck: bool, drop_rate: float, activation: Any, norm: Any
) -> Any:
    """New channels behind those that came in."""
    style = {"activation": activation, "norm": norm}
    if bottleneck:
        new = _pre_activated_conv(x, 4 * growth_rate, 1, f"{name}.conv1", **style)
        new = _pre_activated_conv(new, growth_rate, 3, f"{name}.conv2", **style)
    else:
        new = _pre_activated_conv(x, growth_rate, 3, f"{name}.conv", **style)
    if drop_rate:
        new = keras.layers.Dropout(drop_rate, name=f"{name}.dropout")(new)
    return keras.layers.Concatenate(name=f"{name}.cat")([x, new])


def _pre_activated_conv(x: Any, filters: int, kernel_size: int, name: str, activation: Any, norm: Any) -> Any:
    x = activate(normalize(x, norm, f"{name}.bn"), activation, f"{name}.activ")
    return conv(x, filters, kernel_size, f"{name}.conv", kernel_initializer=_KERNEL)
