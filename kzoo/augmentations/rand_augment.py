"""RandAugment: a few random operations for each picture, all with one strength."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.augmentations.eight_bits import EightBits
from kzoo.augmentations.picture_operations import OPERATIONS, operation

_MOST = 30


@keras.saving.register_keras_serializable("kzoo")
class RandAugment(EightBits):
    """Applies random operations to each picture, all with one strength, while training.

    Identity, shear and shift along x and y, rotation, brightness, colour, contrast, sharpness, posterize, solarize,
    autocontrast, equalize; each as likely as the others. Those that have a direction go either way. What moves takes
    the nearest pixel.

    Args:
        num_ops: How many operations, one after the other. Default 2.
        magnitude: Their strength, from 0 to 30. Default 9.
        fill: The value of what comes in from outside, 0 to 255. Default 0.
        seed: Of the draws. Default: a random one.
        data_format: `"channels_last"` or `"channels_first"`. Default: Keras's setting.

    Call arguments:
        data: Pictures (batch, height, width, 1 or 3) or one picture, values 0 to 255.
        training: Whether to change. Default: yes.

    Returns:
        The pictures, shape unchanged, in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range.

    The paper: Cubuk et al. 2019, RandAugment, arXiv:1909.13719. Operations and strengths are those of
    `torchvision.transforms.RandAugment`. What differs from `keras.layers.RandAugment`: operations are drawn for each
    picture, not for a batch, and only those drawn are computed.

    >>> import numpy as np
    >>> from kzoo.augmentations import RandAugment
    >>> pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("float32")
    >>> RandAugment(seed=1)(pictures, training=True).shape == pictures.shape
    True
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        fill: int = 0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        for name, value, low, high in [
            ("num_ops", num_ops, 1, 20),
            ("magnitude", magnitude, 0, _MOST),
            ("fill", fill, 0, 255),
        ]:
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                what = f"`{name}`: expected a whole number from {low} to {high}."
                raise ValueError(f"{what} Received: {name}={value!r}")
        self.num_ops, self.magnitude, self.fill = num_ops, magnitude, fill
        self.draws = 2 * num_ops

    def change(self, images: Any, numbers: Any) -> Any:
        backend = self.backend
        count = len(OPERATIONS)
        chosen = backend.numpy.minimum(backend.cast(numbers[:, : self.num_ops] * count, "int32"), count - 1)
        signs = backend.numpy.where(numbers[:, self.num_ops :] < 0.5, -1.0, 1.0)

        def one(each: Any) -> Any:
            image, which, sign = each

            def turned(turn: Any, image: Any) -> Any:
                now, way = backend.numpy.take(which, turn), backend.numpy.take(sign, turn)
                return operation(backend, image, now, way, self.magnitude / _MOST, self.fill)

            return backend.core.fori_loop(0, self.num_ops, turned, image)

        return backend.core.map(one, (images, chosen, signs))

    def get_config(self) -> dict[str, Any]:
        own = {"num_ops": self.num_ops, "magnitude": self.magnitude, "fill": self.fill}
        return {**super().get_config(), **own}
