"""Wide residual networks: few layers of many channels, for pictures of 32×32."""

from __future__ import annotations

from kzoo.models.convolution import BATCH_NORM
from kzoo.models.picture_model import picture_model
from kzoo.models.preresnet_cifar import post_activated, pre_activated_stages
from kzoo.models.resnet_cifar import classified, units_a_stage


@picture_model(head=("features.post_activ", "output"), native=(32, 32, 3), classes=10)
def wide_resnet(
    x,
    num_classes,
    depth: int = 28,
    widen: int = 10,
    activation="relu",
    norm=BATCH_NORM,
    drop_rate: float = 0.0,
    block_drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A wide residual network for small pictures (Zagoruyko and Komodakis 2016), WRN-depth-widen in the paper.

    Args:
        depth: Layers with weights, the three projections of shortcuts counted: 6n + 4.
        widen: How many times as wide the blocks are as 16, 32 and 64 channels.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer.
        drop_rate: Rate of the dropout before the classifier.
        block_drop_rate: Rate of the dropout between the two convolutions of a block; the paper's is .3 where it has
            any.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the three groups of blocks, at 1, 1/2 and 1/4 of the size, neither
        normalized nor activated.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Zagoruyko and Komodakis 2016, Wide Residual Networks, arXiv:1605.07146.

    What differs: layers are named, and numbers come out, as in pytorchcv, whose weights files fit. timm's
    `wide_resnet50_2` is another network, for ImageNet.

    >>> from kzoo.models import wide_resnet
    >>> wide_resnet(depth=16, widen=4).count_params()  # 2,748,890 that learn, and moving statistics
    2752506
    """
    units = units_a_stage(depth, 4, 6)
    style = {"activation": activation, "norm": norm}
    widths = [widen * width for width in (16, 32, 64)]
    stages = pre_activated_stages(x, 16, "basic", widths, units, drop_path, style, block_drop_rate)

    def head():
        return classified(post_activated(stages[-1], **style), num_classes, drop_rate)

    return stages, head
