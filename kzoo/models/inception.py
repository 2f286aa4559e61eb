"""Inception networks, first and third: blocks whose branches look at different distances, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kzoo.models.ceil_pool import CeilMaxPooling2D
from kzoo.models.conv_norm_act import conv_norm_act
from kzoo.models.convolution import max_pool
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import classifier

_BATCH_NORM = {"name": "batch_normalization", "momentum": 0.9, "epsilon": 1e-3}
# GoogLeNet's table 1: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj.
_GOOGLENET = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


@picture_model(head=("fc", "aux1", "aux2"))
def googlenet(
    x, num_classes, width: float = 1.0, activation="relu", norm=_BATCH_NORM, drop_rate: float = 0.2
):
    """GoogLeNet, the first Inception network (Szegedy et al. 2015), with batch normalization.

    Args:
        width: What all numbers of channels are multiplied with.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier; the paper has .4.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is before each pooling, and at the end: at 1/2, 1/4 …
        1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Szegedy et al. 2015, Going Deeper with Convolutions, arXiv:1409.4842.

    What differs: layers are named, and numbers come out, as in torchvision, which has 3×3 kernels in place of the
    paper's 5×5 and no local response normalization. There are no auxiliary classifiers; those of a weights file are
    left out.

    >>> from kzoo.models import googlenet
    >>> googlenet().count_params()  # 6,624,904 that learn, and moving statistics
    6639464
    """
    unit = _unit_of(width, activation, norm, keras.initializers.TruncatedNormal(stddev=0.01))
    x = unit(x, 64, 7, "conv1", 2)
    stages = [x]
    x = CeilMaxPooling2D(3, 2, name="maxpool1")(x)
    x = unit(unit(x, 64, 1, "conv2"), 192, 3, "conv3")
    stages.append(x)
    x = CeilMaxPooling2D(3, 2, name="maxpool2")(x)
    for block, channels in _GOOGLENET.items():
        if block in ("4a", "5a"):
            stages.append(x)
            x = CeilMaxPooling2D(3 if block == "4a" else 2, 2, name=f"maxpool{int(block[0]) - 1}")(x)
        name = f"inception{block}"
        first, near, second, far, third, pooled = channels
        branches = [
            unit(x, first, 1, f"{name}.branch1"),
            unit(unit(x, near, 1, f"{name}.branch2.0"), second, 3, f"{name}.branch2.1"),
            unit(unit(x, far, 1, f"{name}.branch3.0"), third, 3, f"{name}.branch3.1"),
            unit(max_pool(x, 3, 1, f"{name}.branch4.0"), pooled, 1, f"{name}.branch4.1"),
        ]
        x = _together(branches, name)
    stages.append(x)
    return stages, lambda: classifier(x, num_classes, drop_rate)


@picture_model(head=("fc", "AuxLogits"), native=(299, 299, 3))
def inception_v3(
    x, num_classes, width: float = 1.0, activation="relu", norm=_BATCH_NORM, drop_rate: float = 0.0
):
    """Inception-v3 (Szegedy et al. 2016): large kernels as several small ones, square ones as two lines.

    Args:
        width: What all numbers of channels are multiplied with.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem before both of its poolings, and the three groups of
        blocks: at about 1/2, 1/4 … 1/32; a picture has at least 75 rows and columns.

    Raises:
        ValueError: If an argument is out of range, or the picture too small.

    Paper: Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, arXiv:1512.00567.

    What differs: layers are named, and numbers come out, as in timm. `keras.applications.InceptionV3` leaves the
    padding out of the means of its pooling branches, and its normalization has no scale. There is no auxiliary
    classifier; that of a weights file is left out.

    >>> from kzoo.models import inception_v3
    >>> inception_v3().count_params()  # 23,834,568 that learn, and moving statistics
    23869000
    """
    if min(x.shape[1:3]) < 75:
        raise ValueError("Inception-v3 takes pictures of 75×75 or more. Scale the pictures up.")
    unit = _unit_of(width, activation, norm, keras.initializers.TruncatedNormal(stddev=0.1))
    x = unit(x, 32, 3, "Conv2d_1a_3x3", 2, "valid")
    x = unit(unit(x, 32, 3, "Conv2d_2a_3x3", 1, "valid"), 64, 3, "Conv2d_2b_3x3")
    stages = [x]
    x = keras.layers.MaxPooling2D(3, 2, name="Pool1")(x)
    x = unit(unit(x, 80, 1, "Conv2d_3b_1x1"), 192, 3, "Conv2d_4a_3x3", 1, "valid")
    stages.append(x)
    x = keras.layers.MaxPooling2D(3, 2, name="Pool2")(x)
    for letter, pooled in (("b", 32), ("c", 64), ("d", 64)):
        x = _near(x, f"Mixed_5{letter}", unit, pooled)
    stages.append(x)
    x = _first_halving(x, "Mixed_6a", unit)
    for letter, width in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        x = _in_lines(x, f"Mixed_6{letter}", unit, width)
    stages.append(x)
    x = _second_halving(x, "Mixed_7a", unit)
    for letter in "bc":
        x = _spread(x, f"Mixed_7{letter}", unit)
    stages.append(x)
    return stages, lambda: classifier(x, num_classes, drop_rate)


def _unit_of(width: float, activation: Any, norm: Any, initializer: Any) -> Callable[..., Any]:
    """What makes a convolution with normalization and activation."""

    def unit(x, filters, kernel, name, strides=1, padding="symmetric"):
        return conv_norm_act(
            x,
            max(round(filters * width), 1),
            kernel,
            name,
            norm,
            activation,
            strides,
            padding=padding,
            kernel_initializer=initializer.clone(),
        )

    return unit


def _together(branches: list[Any], name: str) -> Any:
    return keras.layers.Concatenate(name=f"{name}.concat")(branches)


def _pooled(x: Any, filters: int, name: str, unit: Callable[..., Any]) -> Any:
    """Means of 3×3 places, with zeros around the picture counted, and a convolution."""
    x = keras.layers.ZeroPadding2D(1, name=f"{name}.branch_pool.pad")(x)
    x = keras.layers.AveragePooling2D(3, 1, name=f"{name}.branch_pool.mean")(x)
    return unit(x, filters, 1, f"{name}.branch_pool")


def _near(x: Any, name: str, unit: Callable[..., Any], pooled: int) -> Any:
    """The paper's figure 5: the 5×5 kernel of the first Inception also as two of 3×3."""
    double = unit(unit(x, 64, 1, f"{name}.branch3x3dbl_1"), 96, 3, f"{name}.branch3x3dbl_2")
    branches = [
        unit(x, 64, 1, f"{name}.branch1x1"),
        unit(unit(x, 48, 1, f"{name}.branch5x5_1"), 64, 5, f"{name}.branch5x5_2"),
        unit(double, 96, 3, f"{name}.branch3x3dbl_3"),
        _pooled(x, pooled, name, unit),
    ]
    return _together(branches, name)


def _first_halving(x: Any, name: str, unit: Callable[..., Any]) -> Any:
    """Figure 10: fewer places and more channels at once."""
    double = unit(unit(x, 64, 1, f"{name}.branch3x3dbl_1"), 96, 3, f"{name}.branch3x3dbl_2")
    branches = [
        unit(x, 384, 3, f"{name}.branch3x3", 2, "valid"),
        unit(double, 96, 3, f"{name}.branch3x3dbl_3", 2, "valid"),
        keras.layers.MaxPooling2D(3, 2, name=f"{name}.branch_pool")(x),
    ]
    return _together(branches, name)


def _in_lines(x: Any, name: str, unit: Callable[..., Any], width: int) -> Any:
    """Figure 6: 7×7 as a row of seven and a column of seven."""
    once = unit(unit(x, width, 1, f"{name}.branch7x7_1"), width, (1, 7), f"{name}.branch7x7_2")
    twice = unit(x, width, 1, f"{name}.branch7x7dbl_1")
    for number, (filters, kernel) in enumerate(
        ((width, (7, 1)), (width, (1, 7)), (width, (7, 1)), (192, (1, 7))), start=2
    ):
        twice = unit(twice, filters, kernel, f"{name}.branch7x7dbl_{number}")
    branches = [
        unit(x, 192, 1, f"{name}.branch1x1"),
        unit(once, 192, (7, 1), f"{name}.branch7x7_3"),
        twice,
        _pooled(x, 192, name, unit),
    ]
    return _together(branches, name)


def _second_halving(x: Any, name: str, unit: Callable[..., Any]) -> Any:
    lines = unit(unit(x, 192, 1, f"{name}.branch7x7x3_1"), 192, (1, 7), f"{name}.branch7x7x3_2")
    lines = unit(lines, 192, (7, 1), f"{name}.branch7x7x3_3")
    branches = [
        unit(unit(x, 192, 1, f"{name}.branch3x3_1"), 320, 3, f"{name}.branch3x3_2", 2, "valid"),
        unit(lines, 192, 3, f"{name}.branch7x7x3_4", 2, "valid"),
        keras.layers.MaxPooling2D(3, 2, name=f"{name}.branch_pool")(x),
    ]
    return _together(branches, name)


def _spread(x: Any, name: str, unit: Callable[..., Any]) -> Any:
    """Figure 7: rows and columns side by side, for many channels at the coarsest size."""

    def lines(x: Any, which: str) -> list[Any]:
        return [unit(x, 384, (1, 3), f"{name}.{which}a"), unit(x, 384, (3, 1), f"{name}.{which}b")]

    once = unit(x, 384, 1, f"{name}.branch3x3_1")
    twice = unit(unit(x, 448, 1, f"{name}.branch3x3dbl_1"), 384, 3, f"{name}.branch3x3dbl_2")
    branches = [
        unit(x, 320, 1, f"{name}.branch1x1"),
        *lines(once, "branch3x3_2"),
        *lines(twice, "branch3x3dbl_3"),
        _pooled(x, 192, name, unit),
    ]
    return _together(branches, name)
