"""AlexNet, in the form that it is known by today."""

from __future__ import annotations

import keras

from kzoo.models.adaptive_pool import adaptive_average
from kzoo.models.convolution import activate, conv
from kzoo.models.picture_model import picture_model

# Number of the layer, channels, kernel, strides, padding; and before which of them there is a pooling.
_CONVOLUTIONS = (
    (0, 64, 11, 4, 2),
    (3, 192, 5, 1, 2),
    (6, 384, 3, 1, 1),
    (8, 256, 3, 1, 1),
    (10, 256, 3, 1, 1),
)
_POOLED = (3, 6)


@picture_model(head=("classifier",))
def alexnet(x, num_classes, hidden: int = 4096, activation="relu", drop_rate: float = 0.5):
    """AlexNet for one device (Krizhevsky 2014): five convolutions, three dense layers.

    Args:
        hidden: Units of the two dense layers before the classifier.
        activation: Activation by name, mapping or callable.
        drop_rate: Rate of the dropout before both.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are what there is before each pooling, and after the last.

    Raises:
        ValueError: If an argument is out of range, or the picture too small.

    Paper: Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997, of
    Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks.

    What differs: layers are named, and numbers come out, as in torchvision; local response normalization and the two
    halves of 2012 are gone. `num_classes=0` gives the 4,096 features before the classifier.

    >>> from kzoo.models import alexnet
    >>> alexnet().count_params()
    61100840
    """
    stages = []
    for number, width, size, strides, padding in _CONVOLUTIONS:
        if number in _POOLED:
            stages.append(x)
            x = _pool(x, f"features.{number - 1}")
        if number == 0:
            x = keras.layers.ZeroPadding2D(padding, name="features.0.pad")(x)
        x = conv(
            x,
            width,
            size,
            f"features.{number}",
            strides,
            use_bias=True,
            padding="same" if number else "valid",
        )
        x = activate(x, activation, f"features.{number + 1}")
    stages.append(x)
    stages.append(_pool(x, "features.12"))

    def head():
        x = adaptive_average(stages[-1], (6, 6), "avgpool")
        # So that the first kernel's rows are torch's.
        x = keras.layers.Permute((3, 1, 2), name="channels_first")(x)
        x = keras.layers.Flatten(name="flatten")(x)
        for number in (1, 4):
            if drop_rate:
                x = keras.layers.Dropout(drop_rate, name=f"classifier.{number - 1}")(x)
            x = keras.layers.Dense(hidden, kernel_initializer=_uniform(), name=f"classifier.{number}")(x)
            x = activate(x, activation, f"classifier.{number + 1}")
        return (
            keras.layers.Dense(num_classes, kernel_initializer=_uniform(), name="classifier.6")(x)
            if num_classes
            else x
        )

    return stages, head


def _pool(x, name):
    if min(each for each in x.shape[1:3]) < 3:
        raise ValueError("AlexNet takes pictures of 63×63 or more. Scale the pictures up.")
    return keras.layers.MaxPooling2D(3, 2, name=name)(x)


def _uniform():
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")  # as torch begins
