"""Random windows of pictures, each brought to one size."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.augmentations.eight_bits import EightBits, checked_range, to_bytes
from kzoo.augmentations.random_windows import NUMBERS, random_windows


@keras.saving.register_keras_serializable("kzoo")
class RandomResizedCrop(EightBits):
    """Cuts a window of random area and shape out of each picture and brings it to one size, while training.

    Where a window is larger than that size, a pixel is the mean of its area, else it is interpolated (bilinear). First
    in a recipe's `augment`, it cuts from the pictures of an `image_folder` as they are in their files, and decodes no
    more than the window.

    Args:
        scale: Least and largest share of the picture's area. Default [0.08, 1].
        ratio: Least and largest width for a height of 1. Default [3/4, 4/3].
        height, width: Of the results. Default: as the pictures that come in.
        seed: Of the draws. Default: a random one.
        data_format: `"channels_last"` or `"channels_first"`. Default: Keras's setting.

    Call arguments:
        data: Pictures (batch, height, width, channels) or one picture, values 0 to 255.
        training: Whether to cut. Default: yes; else the whole picture is brought to the size.

    Returns:
        Pictures (batch, height, width, channels) in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range.

    The paper: Szegedy et al. 2014, Going Deeper with Convolutions, arXiv:1409.4842. What differs from
    `torchvision.transforms.RandomResizedCrop`: the means over areas, where that has a triangle filter twice as wide.

    >>> import numpy as np
    >>> from kzoo.augmentations import RandomResizedCrop
    >>> pictures = np.zeros((2, 9, 9, 3), "float32")
    >>> tuple(RandomResizedCrop(height=4, width=4)(pictures, training=True).shape[1:])
    (4, 4, 3)
    """

    draws = NUMBERS
    compiled = False  # products of matrices

    def __init__(
        self,
        scale: list[float] | None = None,
        ratio: list[float] | None = None,
        height: int | None = None,
        width: int | None = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.scale = checked_range("scale", [0.08, 1.0] if scale is None else scale, 1e-6, 1.0)
        self.ratio = checked_range("ratio", [3 / 4, 4 / 3] if ratio is None else ratio, 1e-3, 1e3)
        for name, value in (("height", height), ("width", width)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ValueError(f"`{name}`: expected a whole number from 1 up. Received: {name}={value!r}")
        self.height, self.width = height, width

    def change(self, images: Any, numbers: Any) -> Any:
        rows, columns = images.shape[1:3]
        zeros = 0 * self.backend.cast(numbers[:, 0], "int32")
        windows = random_windows(self.backend, numbers, zeros + rows, zeros + columns, self.scale, self.ratio)
        return self._cut(images, windows)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        if training and transformation is not None:
            return super().transform_images(images, transformation, training)
        images = self.backend.cast(images, self.compute_dtype)
        shape = self.compute_output_shape(images.shape)
        size = shape[1:3] if self.data_format == "channels_last" else shape[2:4]
        if tuple(shape) == tuple(images.shape):
            return images
        return self.backend.image.resize(images, size, antialias=True, data_format=self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        at = len(shape) - (3 if self.data_format == "channels_last" else 2)
        shape[at] = self.height or shape[at]
        shape[at + 1] = self.width or shape[at + 1]
        return tuple(shape)

    def _cut(self, images: Any, windows: Any) -> Any:
        """Windows (top, left, height, width) of a batch by two products: with weights of rows, then of columns."""
        numpy = self.backend.numpy
        _, rows, columns, channels = images.shape
        height, width = self.height or rows, self.width or columns
        places = self.backend.cast(windows, "float32")
        by_area = places[:, 2] * places[:, 3] > height * width
        down = self._weights(places[:, 0], places[:, 2], rows, height, by_area)
        right = self._weights(places[:, 1], places[:, 3], columns, width, by_area)
        values = numpy.reshape(self.backend.cast(images, "float32"), (-1, rows, columns * channels))
        values = numpy.reshape(numpy.matmul(down, values), (-1, height, columns, channels))
        return to_bytes(self.backend, numpy.einsum("bwc,bhcd->bhwd", right, values))

    def _weights(self, begin: Any, length: Any, inputs: int, outputs: int, by_area: Any) -> Any:
        """What each input pixel counts in each output pixel, shape (batch, outputs, inputs)."""
        numpy = self.backend.numpy
        begin, length, by_area = (each[:, None, None] for each in (begin, length, by_area))
        step = length / outputs
        pixel = numpy.arange(inputs, dtype="float32")[None, None, :]
        place = numpy.arange(outputs, dtype="float32")[None, :, None]
        low = begin + place * step
        covered = numpy.clip(numpy.minimum(low + step, pixel + 1) - numpy.maximum(low, pixel), 0.0, 1.0)
        middle = numpy.clip(low + step / 2 - 0.5, begin, begin + length - 1)
        near = numpy.clip(1.0 - numpy.abs(middle - pixel), 0.0, 1.0)
        return numpy.where(by_area, covered / step, near)

    def get_config(self) -> dict[str, Any]:
        own = {
            "scale": list(self.scale),
            "ratio": list(self.ratio),
            "height": self.height,
            "width": self.width,
        }
        return {**super().get_config(), **own}
