"""DarkNets: residual networks that halve with a convolution, the backbones of YOLO."""

from __future__ import annotations

from kzoo.models.classifier_head import classifier_head
from kzoo.models.conv_norm_act import conv_norm_act
from kzoo.models.convolution import BATCH_NORM
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add

_LEAKY = {"name": "leaky_relu", "negative_slope": 0.01}


@picture_model(head=("head",), native=(256, 256, 3))
def darknet(
    x,
    num_classes,
    depths=(1, 2, 8, 8, 4),
    widths=(64, 128, 256, 512, 1024),
    stem_width: int = 32,
    bottleneck: float = 0.5,
    activation=_LEAKY,
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A DarkNet (Redmon and Farhadi 2018).

    Args:
        depths: Blocks of each stage.
        widths: Channels of each stage.
        stem_width: Channels of the first convolution.
        bottleneck: Which share of its channels a block has inside.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem, at the whole size, and the groups of blocks, at 1/2, 1/4 …
        1/32.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Redmon and Farhadi 2018, YOLOv3: An Incremental Improvement, arXiv:1804.02767.

    What differs: layers are named, and numbers come out, as in timm, whose slope below 0 is .01, not .1.

    >>> from kzoo.models import darknet
    >>> darknet().count_params()  # 41,609,928 that learn, and moving statistics
    41645640
    """
    if len(depths) != len(widths):
        raise ValueError(
            f"`depths` and `widths` are to have one entry a stage. Received: depths={depths}, widths={widths}"
        )
    style = {"norm": norm, "activation": activation}
    x = conv_norm_act(x, stem_width, 3, "stem.conv1", **style)
    stages = [x]
    number, last = 0, max(sum(depths) - 1, 1)
    for stage, (depth, width) in enumerate(zip(depths, widths)):
        x = conv_norm_act(x, width, 3, f"stages.{stage}.conv_down", strides=2, **style)
        for index in range(depth):
            name = f"stages.{stage}.blocks.{index}"
            new = conv_norm_act(x, round(width * bottleneck), 1, f"{name}.conv1", **style)
            new = conv_norm_act(new, width, 3, f"{name}.conv2", **style)
            x = add(new, x, name, drop_path * number / last)
            number += 1
        stages.append(x)

    return stages, lambda: classifier_head(x, num_classes, drop_rate)
