"""What picture augmentations have in common that work on whole batches of 8-bit numbers."""

from __future__ import annotations

from typing import Any

import keras

# Not exported by Keras: what its own augmentations are made of, so that ours work in tf.data on every backend too.
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)


class EightBits(BaseImagePreprocessingLayer):
    """An augmentation that is defined on pictures of 8 bits, values 0 to 255.

    uint8 pictures stay uint8, a quarter of the memory that floating-point numbers take to go through; others are
    rounded to whole numbers on the way. On TensorFlow XLA compiles `change` into one pass over the pictures, which is
    what makes it fast.

    A subclass has `draws`, how many random numbers a picture takes, and `change(images, numbers)`; `compiled` is false
    where XLA doesn't help.
    """

    _USE_BASE_FACTOR = False
    draws = 1
    compiled = True

    def __init__(self, seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)
        self._compiled: Any = None

    def change(self, images: Any, numbers: Any) -> Any:
        """Changes whole pictures.

        Args:
            images: uint8 of shape (batch, height, width, channels).
            numbers: Uniform random numbers from 0 to 1, shape (batch, draws).

        Returns:
            uint8.
        """
        raise NotImplementedError

    def on_bytes(self, images: Any) -> Any:
        """Changes uint8 pictures (batch, height, width, channels) inside tf.data; they stay uint8."""
        self.backend.set_backend("tensorflow")
        try:
            return self._change(images, self._numbers(images))
        finally:
            self.backend.reset()

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        return self._numbers(data["images"] if isinstance(data, dict) else data)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        images = self.backend.cast(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        numpy = self.backend.numpy
        swap = self.data_format == "channels_first"
        images = numpy.transpose(images, (0, 2, 3, 1)) if swap else images
        whole = self.backend.cast(numpy.clip(numpy.round(images), 0, 255), "uint8")
        changed = self.backend.cast(self._change(whole, transformation), self.compute_dtype)
        return numpy.transpose(changed, (0, 3, 1, 2)) if swap else changed

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        return labels

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}

    def _numbers(self, images: Any) -> Any:
        shape = self.backend.shape(images)
        batch = shape[0] if len(shape) == 4 else 1
        generator = self._get_seed_generator(self.backend._backend)
        return self.backend.random.uniform((batch, self.draws), seed=generator)

    def _change(self, images: Any, numbers: Any) -> Any:
        if self.backend.name != "tensorflow" or not self.compiled:
            return self.change(images, numbers)
        import tensorflow as tf

        if self._compiled is None:
            self._compiled = tf.function(self.change, jit_compile=True, autograph=False)
        return self._compiled(images, numbers)


def to_bytes(backend: Any, values: Any) -> Any:
    """Floating-point numbers from 0 to 255 as the nearest uint8."""
    return backend.cast(backend.numpy.clip(values, 0.0, 255.0) + 0.5, "uint8")


def grey_of(backend: Any, values: Any) -> Any:
    """The brightness of colours, as ITU-R 601-2 weighs them: (…, 3) to (…)."""
    return 0.299 * values[..., 0] + 0.587 * values[..., 1] + 0.114 * values[..., 2]


def checked_range(name: str, value: Any, low: float, high: float) -> tuple[float, float]:
    """A number's share above and below 1, or a pair, as a range.

    Raises:
        ValueError: If it isn't one.
    """
    pair = list(value) if isinstance(value, (list, tuple)) else [value, value]
    numbers = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in pair)
    if len(pair) != 2 or not numbers or not low <= pair[0] <= pair[1] <= high:
        raise ValueError(
            f"`{name}`: expected a number from {low:g} to {high:g} or a rising pair of them. Received: {name}={value!r}"
        )
    return float(pair[0]), float(pair[1])
