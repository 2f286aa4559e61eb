"""Random mirroring."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.augmentations.eight_bits import EightBits

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


@keras.saving.register_keras_serializable("kzoo")
class RandomFlip(EightBits):
    """Mirrors pictures at random, left-right, up-down or both, while training.

    Args:
        mode: `"horizontal"` (left-right), `"vertical"` or `"horizontal_and_vertical"`. Default horizontal.
        probability: Of each direction, from 0 to 1. Default 0.5.
        seed: Of the draws. Default: a random one.
        data_format: `"channels_last"` or `"channels_first"`. Default: Keras's setting.

    Call arguments:
        data: Pictures (batch, height, width, channels) or one picture, values 0 to 255.
        training: Whether to mirror. Default: yes.

    Returns:
        The pictures, shape unchanged, in the layer's compute dtype.

    Raises:
        ValueError: If the mode or the probability isn't one.

    What differs from `keras.layers.RandomFlip`: horizontal alone by default; a probability; 8-bit numbers stay such.

    >>> import numpy as np
    >>> from kzoo.augmentations import RandomFlip
    >>> picture = np.arange(4, dtype="float32").reshape(1, 1, 4, 1)
    >>> np.asarray(RandomFlip(probability=1.0)(picture, training=True)).ravel().tolist()
    [3.0, 2.0, 1.0, 0.0]
    """

    draws = 2

    def __init__(
        self,
        mode: str = "horizontal",
        probability: float = 0.5,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if mode not in _MODES:
            raise ValueError(f"`mode`: expected one of {', '.join(_MODES)}. Received: mode={mode!r}")
        if isinstance(probability, bool) or not 0 <= probability <= 1:
            raise ValueError(
                f"`probability`: expected a number from 0 to 1. Received: probability={probability!r}"
            )
        self.mode, self.probability = mode, float(probability)

    def change(self, images: Any, numbers: Any) -> Any:
        numpy = self.backend.numpy
        for column, (axis, name) in enumerate([(2, "horizontal"), (1, "vertical")]):
            if name in self.mode:
                mirrored = numpy.flip(images, axis=axis)
                images = numpy.where(
                    (numbers[:, column] < self.probability)[:, None, None, None], mirrored, images
                )
        return images

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode, "probability": self.probability}
