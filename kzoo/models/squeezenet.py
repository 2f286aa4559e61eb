"""SqueezeNet: fire modules, which squeeze the channels before they look around."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.ceil_pool import CeilMaxPooling2D
from kzoo.models.convolution import activate, conv
from kzoo.models.picture_model import picture_model


@picture_model(head=("classifier",))
def squeezenet(
    x,
    num_classes,
    stem_width: int = 96,
    stem_kernel: int = 7,
    squeezed=((16, 16, 32), (32, 48, 48, 64), (64,)),
    activation="relu",
    drop_rate: float = 0.5,
):
    """SqueezeNet (Iandola et al. 2016): AlexNet's accuracy with a fiftieth of its weights.

    Args:
        stem_width: Channels of the first convolution.
        stem_kernel: Its kernel's height and width.
        squeezed: Of each stage's fire modules how many channels they squeeze to; each gives eight times as many.
        activation: Activation by name, mapping or callable.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is before each pooling, and at the end: at 1/2, 1/4, 1/8
        and 1/16 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Iandola et al. 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size,
    arXiv:1602.07360.

    What differs: layers are named, and numbers come out, as in torchvision: the classes' maps go through the activation
    before their means are taken, so that no logit is below 0.

    >>> from kzoo.models import squeezenet
    >>> squeezenet().count_params()
    1248424
    """
    uniform = keras.initializers.HeUniform()
    x = conv(
        x,
        stem_width,
        stem_kernel,
        "features.0",
        2,
        use_bias=True,
        padding="valid",
        kernel_initializer=uniform,
    )
    x = activate(x, activation, "features.1")
    stages, number = [x], 2
    for stage in squeezed:
        x = CeilMaxPooling2D(3, 2, name=f"features.{number}")(x)
        for index, channels in enumerate(stage, start=number + 1):
            x = _fire(x, f"features.{index}", channels, activation)
        number += 1 + len(stage)
        stages.append(x)

    def head():
        x = stages[-1]
        if drop_rate:
            x = keras.layers.Dropout(drop_rate, name="classifier.0")(x)
        if num_classes:
            small = keras.initializers.RandomNormal(stddev=0.01)
            x = conv(x, num_classes, 1, "classifier.1", use_bias=True, kernel_initializer=small)
            x = activate(x, activation, "classifier.2")
        return keras.layers.GlobalAveragePooling2D(name="classifier.3")(x)

    return stages, head


def _fire(x: Any, name: str, squeezed: int, activation: Any) -> Any:
    """A fire module: few channels, then many, half of which see a neighbourhood."""
    uniform = keras.initializers.HeUniform()

    def part(x: Any, filters: int, kernel: int, which: str) -> Any:
        x = conv(x, filters, kernel, f"{name}.{which}", use_bias=True, kernel_initializer=uniform)
        return activate(x, activation, f"{name}.{which}_activation")

    x = part(x, squeezed, 1, "squeeze")
    return keras.layers.Concatenate(name=f"{name}.concat")(
        [part(x, 4 * squeezed, 1, "expand1x1"), part(x, 4 * squeezed, 3, "expand3x3")]
    )
