"""Rectifiers whose slopes or corners are learned."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.activations.learned import LearnedActivation


@keras.saving.register_keras_serializable("kzoo")
class PReLU(LearnedActivation):
    """Leaky ReLU whose slope is learned (He et al. 2015, arXiv:1502.01852).

    Args:
        channels: None for one slope for the whole layer, or the size of the last axis for one a channel.
        slope: What the slope below zero starts from.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor `(…, channels)`; the result has the same shape and dtype.

    Raises:
        ValueError: If `channels` isn't a positive integer or None, or the slope isn't a number.

    What differs: the same as `torch.nn.PReLU`, with channels last. `keras.layers.PReLU` starts from 0 and has a slope
    of its own for every element of the input unless `shared_axes` is given. Don't let weight decay at it.

    >>> from kzoo.activations import PReLU
    >>> import numpy as np
    >>> layer = PReLU(channels=2)
    >>> [float(each) for each in layer(np.array([[-1.0, 2.0]], "float32"))[0]]
    [-0.25, 2.0]
    >>> layer.count_params()
    2
    """

    def __init__(self, channels: int | None = None, slope: float = 0.25, **kwargs):
        super().__init__(channels, **kwargs)
        self.slope = self._number("slope", slope)

    def call(self, inputs):
        return ops.where(inputs >= 0, inputs, self._value("slope", inputs) * inputs)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "slope": self.slope}


@keras.saving.register_keras_serializable("kzoo")
class SReLU(LearnedActivation):
    """S-shaped ReLU: three straight pieces, corners and outer slopes learned (Jin et al. 2015, arXiv:1512.07030).

    With t the corners and a the slopes: t_r + a_r(x - t_r) from t_r on, x between, t_l + a_l(x - t_l) up to t_l.

    Args:
        channels: None for four numbers for the whole layer, or the size of the last axis for four a channel.
        left_corner: What t_l starts from.
        left_slope: What a_l starts from.
        right_corner: What t_r starts from; not below `left_corner`.
        right_slope: What a_r starts from. At 1 the layer starts as a leaky ReLU and t_r has no gradient until a_r
            has moved.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor `(…, channels)`; the result has the same shape and dtype.

    Raises:
        ValueError: If an argument isn't a number, or the corners aren't in order.

    What differs: the paper sets t_r from the data after some epochs with the rest fixed; here it is learned from the
    beginning. Nothing holds the corners in order: where they cross, the right piece wins.

    >>> from kzoo.activations import SReLU
    >>> import numpy as np
    >>> outputs = SReLU(right_slope=0.5)(np.array([-1.0, 0.5, 3.0], "float32"))
    >>> [round(float(each), 4) for each in outputs]
    [-0.2, 0.5, 2.0]
    """

    def __init__(
        self,
        channels: int | None = None,
        left_corner: float = 0.0,
        left_slope: float = 0.2,
        right_corner: float = 1.0,
        right_slope: float = 1.0,
        **kwargs,
    ):
        super().__init__(channels, **kwargs)
        self.left_corner = self._number("left_corner", left_corner)
        self.left_slope = self._number("left_slope", left_slope)
        self.right_corner = self._number("right_corner", right_corner)
        self.right_slope = self._number("right_slope", right_slope)
        if self.left_corner > self.right_corner:
            raise ValueError(
                "`left_corner` must not be above `right_corner`. "
                f"Received: left_corner={left_corner!r}, right_corner={right_corner!r}"
            )

    def call(self, inputs):
        left, right = self._value("left_corner", inputs), self._value("right_corner", inputs)
        below = left + self._value("left_slope", inputs) * (inputs - left)
        above = right + self._value("right_slope", inputs) * (inputs - right)
        return ops.where(inputs >= right, above, ops.where(inputs <= left, below, inputs))

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "left_corner": self.left_corner,
            "left_slope": self.left_slope,
            "right_corner": self.right_corner,
            "right_slope": self.right_slope,
        }


@keras.saving.register_keras_serializable("kzoo")
class TLU(LearnedActivation):
    """Thresholded linear unit: max(x, τ) with τ learned (Singh and Krishnan 2020, arXiv:1911.09737).

    Args:
        channels: None for one τ for the whole layer, or the size of the last axis for one a channel, as the paper has.
        threshold: What τ starts from.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor `(…, channels)`; the result has the same shape and dtype.

    Raises:
        ValueError: If `channels` isn't a positive integer or None, or the threshold isn't a number.

    What differs: `tfa.layers.TLU` starts from 0 too and always has a τ for every channel. `timm` has it inside
    `FilterResponseNormTlu2d`.

    >>> from kzoo.activations import TLU
    >>> import numpy as np
    >>> [float(each) for each in TLU(threshold=-1.0)(np.array([-3.0, 2.0], "float32"))]
    [-1.0, 2.0]
    """

    def __init__(self, channels: int | None = None, threshold: float = 0.0, **kwargs):
        super().__init__(channels, **kwargs)
        self.threshold = self._number("threshold", threshold)

    def call(self, inputs):
        # ops.maximum works float64 out in float32 on PyTorch.
        threshold = self._value("threshold", inputs)
        return ops.where(inputs > threshold, inputs, threshold)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "threshold": self.threshold}


@keras.saving.register_keras_serializable("kzoo")
class ACON(LearnedActivation):
    """ACON-C: learns whether to activate, (p₁ - p₂)x·σ(β(p₁ - p₂)x) + p₂x (Ma et al. 2021, arXiv:2009.04759).

    The smooth maximum of p₁x and p₂x. p₁ = 1 and p₂ = 0 is Swish with β; β = 0 is linear.

    Args:
        channels: None for one p₁, p₂ and β for the whole layer, or the size of the last axis for each a channel, as
            the paper has.
        p1: What p₁ starts from.
        p2: What p₂ starts from.
        beta: What β starts from.
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor `(…, channels)`; the result has the same shape and dtype.

    Raises:
        ValueError: If `channels` isn't a positive integer or None, or another argument isn't a number.

    What differs: the authors draw p₁ and p₂ from N(0, 1) for each channel; here they start from 1 and 0, as Swish.

    >>> from kzoo.activations import ACON
    >>> import numpy as np
    >>> round(float(ACON()(np.array([1.0], "float32"))[0]), 4)
    0.7311
    """

    def __init__(
        self, channels: int | None = None, p1: float = 1.0, p2: float = 0.0, beta: float = 1.0, **kwargs
    ):
        super().__init__(channels, **kwargs)
        self.p1 = self._number("p1", p1)
        self.p2 = self._number("p2", p2)
        self.beta = self._number("beta", beta)

    def call(self, inputs):
        p1, p2, beta = (self._value(name, inputs) for name in ("p1", "p2", "beta"))
        apart = (p1 - p2) * inputs
        return apart * ops.sigmoid(beta * apart) + p2 * inputs

    def get_config(self):
        values = {"channels": self.channels, "p1": self.p1, "p2": self.p2, "beta": self.beta}
        return {**super().get_config(), **values}
