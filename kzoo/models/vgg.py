"""VGG: 3×3 convolutions and nothing else, until the classifier."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.models.adaptive_pool import adaptive_average
from kzoo.models.classifier_head import classifier_head
from kzoo.models.convolution import activate, conv, normalize
from kzoo.models.picture_model import picture_model

_PLACES = 7  # Rows and columns that the first layer of the classifier takes.


@picture_model(head=("pre_logits", "head"))
def vgg(
    x,
    num_classes,
    depths=(2, 2, 3, 3, 3),
    widths=(64, 128, 256, 512, 512),
    hidden: int = 4096,
    activation="relu",
    norm=None,
    drop_rate: float = 0.0,
):
    """A VGG network (Simonyan and Zisserman 2015).

    Args:
        depths: Convolutions before each pooling.
        widths: Channels of each of these stages.
        hidden: Units of the classifier's two layers.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer; None for none, as in the paper.
        drop_rate: Rate of the dropout in the classifier; the paper has .5.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is before each pooling, and after the last: at 1, 1/2,
        … 1/32 of the size.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Simonyan and Zisserman 2015, Very Deep Convolutional Networks for Large-Scale Image Recognition,
    arXiv:1409.1556.

    What differs: layers are named, and numbers come out, as in timm, whose classifier is convolutional: larger pictures
    are classified at each place, smaller ones are stretched to 7×7. `keras.applications.VGG16` with its
    classifier takes one size only.

    >>> from kzoo.models import vgg
    >>> vgg(depths=[1, 1, 2, 2, 2]).count_params()
    132863336
    """
    if len(depths) != len(widths):
        raise ValueError(
            f"`depths` and `widths` are to have one entry a stage. Received: depths={depths}, widths={widths}"
        )
    stages, number = [], 0
    for depth, width in zip(depths, widths):
        for _ in range(depth):
            x = conv(x, width, 3, f"features.{number}", use_bias=True)
            if norm is not None:
                number += 1
                x = normalize(x, norm, f"features.{number}")
            x = activate(x, activation, f"features.{number + 1}")
            number += 2
        stages.append(x)
        x = keras.layers.MaxPooling2D(2, name=f"features.{number}")(x)
        number += 1
    stages.append(x)

    def head():
        return classifier_head(_pre_logits(x, hidden, activation, drop_rate), num_classes, drop_rate)

    return stages, head


def _pre_logits(x: Any, hidden: int, activation: Any, drop_rate: float) -> Any:
    """Two dense layers over 7×7 places, as convolutions."""
    height, width = x.shape[1:3]
    x = adaptive_average(x, (max(height, _PLACES), max(width, _PLACES)), "pre_logits.stretch")
    x = conv(x, hidden, _PLACES, "pre_logits.fc1", use_bias=True, padding="valid")
    x = activate(x, activation, "pre_logits.act1")
    if drop_rate:
        x = keras.layers.Dropout(drop_rate, name="pre_logits.drop")(x)
    x = conv(x, hidden, 1, "pre_logits.fc2", use_bias=True)
    return activate(x, activation, "pre_logits.act2")
