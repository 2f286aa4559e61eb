"""Network in network: a small perceptron at every place of a picture, and no dense layer at the end."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import activate, conv, max_pool, normalize
from kzoo.models.picture_model import picture_model


@picture_model(head=("output",), native=(32, 32, 3), classes=10)
def nin(
    x,
    num_classes,
    widths=((192, 160, 96), (192, 192, 192), (192, 192)),
    kernel_sizes=(5, 5, 3),
    activation="relu",
    norm=None,
    drop_rate: float = 0.5,
):
    """Network in network for small pictures (Lin et al. 2014).

    Each stage is a convolution and 1×1 convolutions behind it, the perceptron; the classes are means of maps.

    Args:
        widths: Channels of each stage's convolutions.
        kernel_sizes: Height and width of each stage's first kernel; all others are 1.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer; None for none, and biases in its place.
        drop_rate: Rate of the dropout behind the two poolings.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are at 1, 1/2 and 1/4 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Lin et al. 2014, Network In Network, arXiv:1312.4400.

    What differs: layers are named, and numbers come out, as in pytorchcv, whose weights files fit. As there and in the
    paper's network, the maps of the classes are activated before their means are taken: logits aren't negative.

    >>> from kzoo.models import nin
    >>> nin().count_params()
    966986
    """
    if len(widths) != len(kernel_sizes):
        raise ValueError(
            "`kernel_sizes` must have one number for each stage of `widths`. "
            f"Received: kernel_sizes={kernel_sizes}, widths={widths}"
        )
    stages: list[Any] = []
    for stage, (filters, first) in enumerate(zip(widths, kernel_sizes), start=1):
        name = f"features.stage{stage}"
        if stage > 1:
            x = _smaller(x, f"{name}.pool{stage}", by_means=stage > 2)
            if drop_rate:
                x = keras.layers.Dropout(drop_rate, name=f"{name}.dropout{stage}")(x)
        for unit, width in enumerate(filters, start=1):
            x = _unit(x, width, first if unit == 1 else 1, f"{name}.unit{unit}", activation, norm)
        stages.append(x)

    def head():
        maps = _unit(x, num_classes, 1, "output.final_conv", activation, None) if num_classes else x
        return keras.layers.GlobalAveragePooling2D(name="output.final_pool")(maps)

    return stages, head


def _unit(x: Any, filters: int, kernel_size: int, name: str, activation: Any, norm: Any) -> Any:
    # By its inputs: without normalization what comes out is to be as large as what went in.
    x = conv(x, filters, kernel_size, f"{name}.conv", use_bias=norm is None, kernel_initializer="he_normal")
    return activate(normalize(x, norm, f"{name}.bn"), activation, f"{name}.activ")


def _smaller(x: Any, name: str, by_means: bool) -> Any:
    """Half the size, by means of 3×3 windows, zeros at the borders counted, or by their largest."""
    if not by_means:
        return max_pool(x, 3, 2, name)
    x = keras.layers.ZeroPadding2D(1, name=f"{name}.pad")(x)
    return keras.layers.AveragePooling2D(3, 2, name=name)(x)
