"""ShuffleNet, second version: half of the channels rest in each block, then all are shuffled."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.models.convolution import BATCH_NORM, activate, conv, max_pool, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import classifier


@picture_model(head=("conv5", "fc"))
def shufflenet_v2(
    x,
    num_classes,
    depths=(4, 8, 4),
    widths=(116, 232, 464),
    stem_width: int = 24,
    head_width: int = 1024,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
):
    """A ShuffleNet of the second version (Ma et al. 2018).

    Args:
        depths: Blocks of each stage.
        widths: Channels of each stage, even numbers.
        stem_width: Channels of the first convolution.
        head_width: Channels of the last one.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem, at half of the size, and the three groups of blocks, at
        1/8, 1/16 and 1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Ma et al. 2018, ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design, arXiv:1807.11164.

    What differs: layers are named, and numbers come out, as in torchvision.

    >>> from kzoo.models import shufflenet_v2
    >>> shufflenet_v2().count_params()  # 2,278,604 that learn, and moving statistics
    2294784
    """
    if len(depths) != len(widths) or any(each % 2 for each in widths):
        raise ValueError(
            "`depths` and `widths` are to have one entry a stage, and widths to be even. "
            f"Received: depths={depths}, widths={widths}"
        )
    style = {"activation": activation, "norm": norm}
    x = _layers(x, "conv1", [(stem_width, 3, 2, 1, True)], **style)
    stages = [x]
    x = max_pool(x, 3, 2, "maxpool")
    for stage, (depth, width) in enumerate(zip(depths, widths), start=2):
        for index in range(depth):
            x = _block(x, f"stage{stage}.{index}", width // 2, 1 if index else 2, **style)
        stages.append(x)

    def head():
        last = _layers(stages[-1], "conv5", [(head_width, 1, 1, 1, True)], **style)
        return classifier(last, num_classes, drop_rate)

    return stages, head


def _block(x: Any, name: str, half: int, strides: int, activation: Any, norm: Any) -> Any:
    """One half is changed, the other rests; where the size shrinks both are made of all that comes in."""
    style = {"activation": activation, "norm": norm}
    rest, changed = x, x
    if strides > 1:
        given = x.shape[-1]
        depthwise = [(given, 3, strides, given, False), (half, 1, 1, 1, True)]
        rest = _layers(x, f"{name}.branch1", depthwise, **style)
    else:
        rest, changed = x[..., :half], x[..., half:]
    rows = [(half, 1, 1, 1, True), (half, 3, strides, half, False), (half, 1, 1, 1, True)]
    changed = _layers(changed, f"{name}.branch2", rows, **style)
    both = keras.layers.Concatenate(name=f"{name}.concat")([rest, changed])
    return _shuffled(both)


def _shuffled(x: Any) -> Any:
    """The two halves of the channels in turn."""
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, height, width, 2, channels // 2))
    return ops.reshape(ops.swapaxes(x, 3, 4), (-1, height, width, channels))


def _layers(
    x: Any, name: str, rows: list[tuple[int, int, int, int, bool]], activation: Any, norm: Any
) -> Any:
    """Convolutions, each normalized, by a table of filters, kernel, strides, groups, and whether they are activated."""
    number = 0
    for filters, kernel, strides, groups, activated in rows:
        x = conv(x, filters, kernel, f"{name}.{number}", strides, groups)
        x = normalize(x, norm, f"{name}.{number + 1}")
        number += 2
        if activated:
            x = activate(x, activation, f"{name}.{number}")
            number += 1
    return x
