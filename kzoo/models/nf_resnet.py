"""Residual networks without normalization: kernels are standardized, and variances are known beforehand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kzoo.layers.standardized_conv import ScaledStdConv
from kzoo.models.activation import make_activation
from kzoo.models.channel_attention import channel_attention
from kzoo.models.classifier_head import classifier_head
from kzoo.models.convolution import activate, max_pool
from kzoo.models.picture_model import picture_model
from kzoo.models.residual import add

# The γ that published weights were trained with; they were estimated from random numbers.
_GAMMA = {"relu": 1.7139588594436646, "silu": 1.7881293296813965, "gelu": 1.7015043497085571}


@keras.saving.register_keras_serializable("kzoo")
class NormFreeConv(ScaledStdConv):
    """A scaled, standardized convolution whose gain has the shape that PyTorch's files give it."""

    gain_axes = (1, 1, 1)


@picture_model(head=("head",), native=(256, 256, 3))
def nf_resnet(
    x,
    num_classes,
    depths=(3, 4, 6, 3),
    widths=(256, 512, 1024, 2048),
    stem_width: int = 64,
    ratio: float = 0.25,
    alpha: float = 0.2,
    gamma: float | None = None,
    attention=None,
    attention_gain: float = 2.0,
    activation="relu",
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A residual network that needs no normalization (Brock et al. 2021).

    Args:
        depths: Blocks of each stage.
        widths: Channels of each stage.
        stem_width: Channels of the first convolution.
        ratio: Which share of its channels a bottleneck has inside.
        alpha: What a block's result is multiplied with; its square is by how much the variance grows.
        gamma: What makes up for the activation: 1 over the standard deviation of what it makes of normal numbers. None
            works it out.
        attention: What weighs the channels of a block's result, as in `kzoo.models.resnet`; None for nothing.
        attention_gain: What makes up for that.
        activation: Activation by name, mapping or callable.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which the last block is skipped in training; it grows linearly from 0.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the stem, at 1/2 of the size, and the groups of blocks, at 1/4 …
        1/32, none activated.

    Raises:
        ValueError: If an argument is out of range.

    Paper: Brock et al. 2021, Characterizing signal propagation to close the performance gap in unnormalized ResNets,
    arXiv:2101.08692.

    What differs: layers are named, and numbers come out, as in timm: γ is in the convolutions, not in the activations.

    >>> from kzoo.models import nf_resnet
    >>> nf_resnet().count_params()
    25557032
    """
    if len(depths) != len(widths):
        raise ValueError(
            f"`depths` and `widths` are to have one entry a stage. Received: depths={depths}, widths={widths}"
        )
    gamma = gamma or _gamma_of(activation)

    def convolve(x: Any, filters: int, kernel: int, name: str, strides: int = 1, gain: str = "ones") -> Any:
        if kernel > 1:
            x = keras.layers.ZeroPadding2D(kernel // 2, name=f"{name}.pad")(x)
        return NormFreeConv(
            filters,
            kernel,
            strides,
            "valid",
            gamma=gamma,
            epsilon=1e-5,
            kernel_initializer=keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal"),
            gain_initializer=gain,
            name=name,
        )(x)

    x = convolve(x, stem_width, 7, "stem.conv", 2)
    stages = [x]
    x = max_pool(x, 3, 2, "stem.pool")
    number, last, variance = 0, max(sum(depths) - 1, 1), 1.0
    for stage, (depth, width) in enumerate(zip(depths, widths)):
        for index in range(depth):
            name = f"stages.{stage}.{index}"
            strides = 2 if stage and not index else 1
            # What goes into the block has variance 1 again.
            active = activate(x, activation, f"{name}.act1") * variance**-0.5
            if not index:
                came_in, variance = _shrunk(active, width, strides, f"{name}.downsample", convolve), 1.0
            else:
                came_in = x
            new = convolve(active, round(width * ratio), 1, f"{name}.conv1")
            new = activate(new, activation, f"{name}.act2")
            new = convolve(new, round(width * ratio), 3, f"{name}.conv2", strides)
            new = activate(new, activation, f"{name}.act3")
            new = convolve(new, width, 1, f"{name}.conv3", gain="zeros")
            if attention is not None:
                new = attention_gain * channel_attention(new, attention, f"{name}.attn_last")
            x = add(new * alpha, came_in, name, drop_path * number / last)
            variance += alpha**2
            number += 1
        stages.append(x)

    def head():
        return classifier_head(activate(stages[-1], activation, "final_act"), num_classes, drop_rate)

    return stages, head


def _gamma_of(activation: Any) -> float:
    """1 over the standard deviation of what an activation makes of normal numbers."""
    if isinstance(activation, str) and activation in _GAMMA:
        return _GAMMA[activation]
    numbers = np.linspace(-8, 8, 4001, dtype="float32")
    weights = np.exp(-(numbers.astype("float64") ** 2) / 2)
    values = keras.ops.convert_to_numpy(make_activation(activation, "gamma")(numbers[None, :, None, None]))
    return float(np.cov(values.ravel(), aweights=weights, ddof=0) ** -0.5)


def _shrunk(x: Any, width: int, strides: int, name: str, convolve: Any) -> Any:
    """What came in, in the shape of what goes out: means, then a convolution of a single place."""
    if strides > 1:
        x = keras.layers.AveragePooling2D(strides, padding="same", name=f"{name}.pool")(x)
    return convolve(x, width, 1, f"{name}.conv")
