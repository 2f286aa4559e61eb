"""Random shifts by whole pixels."""

from __future__ import annotations

from typing import Any

import keras

# Not exported by Keras: what its own augmentations are made of, so that ours work in tf.data on every backend too.
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)


@keras.saving.register_keras_serializable("kzoo")
class RandomShift(BaseImagePreprocessingLayer):
    """Shifts each picture by whole pixels, up and down, left and right, while training.

    Nothing is interpolated: every pixel keeps its value, those that come in have the value `fill`. It costs a fraction
    of what `RandomTranslation` does, and is what small pictures such as digits want.

    Args:
        pixels: The largest shift. Down and right are drawn uniformly from -pixels..pixels, for each picture. Default 2.
        fill: The value of pixels that come in, in the units of the pictures. Default 0.
        seed: Of the shifts. Default: a random one.
        data_format: `"channels_last"` or `"channels_first"`. Default: Keras's setting.

    Call arguments:
        data: Pictures (batch, height, width, channels) or one picture; or a dictionary with `images`, and if wanted
            `labels` (left alone) and `segmentation_masks` (shifted alike).
        training: Whether to shift. Default: yes, as with Keras's own augmentations.

    Returns:
        The pictures, shape unchanged, in the layer's compute dtype.

    Raises:
        ValueError: If `pixels` isn't a whole number from 0 up.

    What differs from `torchvision.transforms.RandomAffine(0, translate=…)`: whole pixels instead of fractions of the
    picture; from `keras.layers.RandomTranslation`: no interpolation, a constant at the border instead of a reflection.

    >>> import numpy as np
    >>> from kzoo.augmentations import RandomShift
    >>> picture = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    >>> RandomShift(pixels=1, seed=0)(picture, training=True).shape == picture.shape
    True
    >>> bool(np.all(RandomShift(pixels=1)(picture, training=False) == picture))
    True
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        pixels: int = 2,
        fill: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(data_format=data_format, **kwargs)
        if isinstance(pixels, bool) or not isinstance(pixels, int) or pixels < 0:
            raise ValueError(f"`pixels`: expected a whole number from 0 up. Received: pixels={pixels!r}")
        self.pixels = pixels
        self.fill = float(fill)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training or self.pixels == 0:
            return None
        shape = self.backend.shape(data["images"] if isinstance(data, dict) else data)
        batch = shape[0] if len(shape) == 4 else 1
        generator = self._get_seed_generator(self.backend._backend) if seed is None else seed
        down, right = (
            self.backend.random.randint((batch,), -self.pixels, self.pixels + 1, seed=generator)
            for _ in range(2)
        )
        return {"down": down, "right": right}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        images = self.backend.cast(images, self.compute_dtype)
        return self._transform_images(images, transformation) if training else images

    def _transform_images(self, images: Any, transformation: Any, interpolation: Any = None) -> Any:
        if transformation is None:
            return images
        if self.data_format == "channels_last":
            return self._shifted(images, transformation)
        numpy = self.backend.numpy
        moved = self._shifted(numpy.transpose(images, (0, 2, 3, 1)), transformation)
        return numpy.transpose(moved, (0, 3, 1, 2))

    def _shifted(self, images: Any, transformation: Any) -> Any:
        """Takes each picture out of a bigger one, framed with `fill`, at its own place."""
        numpy, frame = self.backend.numpy, self.pixels
        batch, height, width, channels = self.backend.shape(images)
        sides = [[0, 0], [frame, frame], [frame, frame], [0, 0]]
        framed = numpy.pad(images, sides, constant_values=self.fill)
        tall, wide = height + 2 * frame, width + 2 * frame
        rows = numpy.arange(height)[None, :] + (frame - transformation["down"])[:, None]
        columns = numpy.arange(width)[None, :] + (frame - transformation["right"])[:, None]
        rows = rows + (numpy.arange(batch) * tall)[:, None]
        pixels = rows[:, :, None] * wide + columns[:, None, :]
        return numpy.take(numpy.reshape(framed, (batch * tall * wide, channels)), pixels, axis=0)

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        return self._transform_images(segmentation_masks, transformation) if training else segmentation_masks

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {"pixels": self.pixels, "fill": self.fill, "seed": self.seed}
        return {**super().get_config(), **own}
