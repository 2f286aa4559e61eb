"""Random brightness, contrast, saturation and hue."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.augmentations.eight_bits import EightBits, checked_range, grey_of, to_bytes


@keras.saving.register_keras_serializable("kzoo")
class RandomColorJitter(EightBits):
    """Changes brightness, contrast, saturation and hue of each picture at random, in this order, while training.

    Args:
        brightness: Values are multiplied by a factor from `1 - b` to `1 + b`, or from a pair of factors. Default 0.
        contrast: The same for the distance from the mean of the grey picture. Default 0.
        saturation: The same for the distance from the grey picture; for pictures with colours. Default 0.
        hue: The hue is turned by a part of the circle from `-h` to `h`, at most 0.5, or from a pair. Default 0.
        seed: Of the draws. Default: a random one.
        data_format: `"channels_last"` or `"channels_first"`. Default: Keras's setting.

    Call arguments:
        data: Pictures (batch, height, width, 1 or 3) or one picture, values 0 to 255.
        training: Whether to change. Default: yes.

    Returns:
        The pictures, shape unchanged, in the layer's compute dtype; each step keeps to 0 to 255.

    Raises:
        ValueError: If a factor is out of range, or saturation or hue are to change where there are no three channels.

    What differs from `torchvision.transforms.ColorJitter`: always in the order of the arguments, nothing is rounded
    between the steps. From `keras.layers.RandomColorJitter`: the factors mean what they mean there.

    >>> import numpy as np
    >>> from kzoo.augmentations import RandomColorJitter
    >>> picture = np.full((1, 2, 2, 3), 100, "float32")
    >>> np.asarray(RandomColorJitter(brightness=[0.5, 0.5])(picture, training=True)).max().item()
    50.0
    """

    draws = 4

    def __init__(
        self,
        brightness: float | list[float] = 0.0,
        contrast: float | list[float] = 0.0,
        saturation: float | list[float] = 0.0,
        hue: float | list[float] = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.brightness = _factors("brightness", brightness)
        self.contrast = _factors("contrast", contrast)
        self.saturation = _factors("saturation", saturation)
        if isinstance(hue, (list, tuple)):
            self.hue = checked_range("hue", hue, -0.5, 0.5)
        else:
            most = checked_range("hue", hue or 0.0, 0.0, 0.5)[1]
            self.hue = (-most, most)

    def change(self, images: Any, numbers: Any) -> Any:
        numpy = self.backend.numpy
        colours = images.shape[-1] == 3
        if not colours and (self.saturation != (1.0, 1.0) or self.hue != (0.0, 0.0)):
            raise ValueError(f"saturation and hue need 3 channels. Received: images of shape {images.shape}")

        def drawn(limits: tuple[float, float], column: int) -> Any:
            return (limits[0] + (limits[1] - limits[0]) * numbers[:, column])[:, None, None, None]

        values = self.backend.cast(images, "float32")
        if self.brightness != (1.0, 1.0):
            values = numpy.clip(values * drawn(self.brightness, 0), 0.0, 255.0)
        if self.contrast != (1.0, 1.0):
            grey = grey_of(self.backend, values)[..., None] if colours else values
            mean = numpy.mean(grey, axis=(1, 2, 3), keepdims=True)
            values = numpy.clip(mean + (values - mean) * drawn(self.contrast, 1), 0.0, 255.0)
        if self.saturation != (1.0, 1.0):
            grey = grey_of(self.backend, values)[..., None]
            values = numpy.clip(grey + (values - grey) * drawn(self.saturation, 2), 0.0, 255.0)
        if self.hue != (0.0, 0.0):
            values = self._turned(values, drawn(self.hue, 3)[..., 0])
        return to_bytes(self.backend, values)

    def _turned(self, values: Any, turn: Any) -> Any:
        """Colours with another hue: the value and the chroma of HSV stay."""
        numpy = self.backend.numpy
        red, green, blue = values[..., 0], values[..., 1], values[..., 2]
        value = numpy.maximum(numpy.maximum(red, green), blue)
        chroma = value - numpy.minimum(numpy.minimum(red, green), blue)
        by = 1.0 / numpy.where(chroma == 0, 1.0, chroma)
        # In sixths of the circle.
        of_rest = numpy.where(value == green, 2.0 + (blue - red) * by, 4.0 + (red - green) * by)
        hue = numpy.where(value == red, (green - blue) * by, of_rest) + 6.0 * turn

        def channel(offset: float) -> Any:
            place = offset + hue
            place = place - 6.0 * numpy.floor(place / 6.0)
            return value - chroma * numpy.clip(numpy.minimum(place, 4.0 - place), 0.0, 1.0)

        return numpy.stack([channel(5.0), channel(3.0), channel(1.0)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        names = ("brightness", "contrast", "saturation", "hue")
        return {**super().get_config(), **{name: list(getattr(self, name)) for name in names}}


def _factors(name: str, value: Any) -> tuple[float, float]:
    if isinstance(value, (list, tuple)):
        return checked_range(name, value, 0.0, float("inf"))
    most = checked_range(name, value or 0.0, 0.0, float("inf"))[1]
    return max(0.0, 1.0 - most), 1.0 + most
