"""Xception: an Inception network taken to its end, where every channel is looked at by itself."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.convolution import BATCH_NORM, activate, conv, max_pool, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import classifier


@picture_model(head=("fc",), native=(299, 299, 3))
def xception(
    x,
    num_classes,
    entry=(128, 256, 728),
    middle: int = 8,
    exit=(1024, 1536, 2048),
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
):
    """Xception (Chollet 2017): depthwise separable convolutions with shortcuts.

    Args:
        entry: Channels of the entry flow's blocks; each of them halves the size.
        middle: How many blocks the middle flow has.
        exit: Channels of the exit flow: its block's, and those of the two convolutions behind it.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem, what the entry flow's blocks but the last give, what the
        middle flow gives, all activated, and the end: at 1/2, 1/4, … 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Chollet 2017, Xception: Deep Learning with Depthwise Separable Convolutions, arXiv:1610.02357.

    What differs: layers are named, and numbers come out, as in timm's `legacy_xception`. `keras.applications.Xception`
    has an epsilon of 1e-3 and pads as TensorFlow does.

    >>> from kzoo.models import xception
    >>> xception().count_params()  # 22,855,952 that learn, and moving statistics
    22910480
    """
    style = {"activation": activation, "norm": norm}
    for number, (width, strides) in enumerate(((32, 2), (64, 1)), start=1):
        x = conv(x, width, 3, f"conv{number}", strides, padding="valid")
        x = activate(normalize(x, norm, f"bn{number}"), activation, f"act{number}")
    stages, number = [x], 1
    before = x.shape[-1]
    for width in entry:
        activated, x = _block(x, f"block{number}", [width, width], 2, number > 1, **style)
        stages += [activated] if number > 1 else []
        number, before = number + 1, width
    for _ in range(middle):
        _, x = _block(x, f"block{number}", [before] * 3, 1, True, **style)
        number += 1
    activated, x = _block(x, f"block{number}", [before, exit[0]], 2, True, **style)
    stages.append(activated)
    for number, width in enumerate(exit[1:], start=3):
        x = _separable(x, f"conv{number}", width)
        x = activate(normalize(x, norm, f"bn{number}"), activation, f"act{number}")
    stages.append(x)
    return stages, lambda: classifier(x, num_classes, drop_rate)


def _block(
    x: Any, name: str, widths: list[int], strides: int, begins_active: bool, activation: Any, norm: Any
) -> tuple[Any, Any]:
    """What comes in, activated, and what separable convolutions make of it, added to what comes in."""
    shortcut = activated = x
    if strides > 1 or x.shape[-1] != widths[-1]:
        shortcut = normalize(conv(x, widths[-1], 1, f"{name}.skip", strides), norm, f"{name}.skipbn")
    place = 0
    for index, width in enumerate(widths):
        if index or begins_active:
            x = activate(x, activation, f"{name}.rep.{place}")
            activated = activated if index else x
            place += 1
        x = normalize(_separable(x, f"{name}.rep.{place}", width), norm, f"{name}.rep.{place + 1}")
        place += 2
    if strides > 1:
        x = max_pool(x, 3, strides, f"{name}.rep.{place}")
    return activated, keras.layers.Add(name=f"{name}.add")([x, shortcut])


def _separable(x: Any, name: str, width: int) -> Any:
    """A 3×3 convolution of each channel by itself, then one of a single place."""
    channels = x.shape[-1]
    return conv(conv(x, channels, 3, f"{name}.conv1", groups=channels), width, 1, f"{name}.pointwise")
