"""What a model said of examples whose classes are known: `predictions.json`, small whatever the data's size."""

from __future__ import annotations

import base64
import collections
import dataclasses
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_MISTAKES = 25
_LONGEST_SIDE = 64  # pixels of a kept picture; larger ones are made smaller


@dataclasses.dataclass
class Mistake:
    """An example that was taken for another class.

    Args:
        index: Its place in the split, from 0.
        true: The number of its class.
        predicted: The number of the class that it was taken for.
        probability: The model's probability of that class.
        probability_of_true: And of its own.
        picture: Its inputs as they are fed, from 0 to 1 or from 0 to 255.
    """

    index: int
    true: int
    predicted: int
    probability: float
    probability_of_true: float
    picture: np.ndarray


class Predictions:
    """Counts and the worst mistakes, from batches that are added one by one.

    Args:
        split: The part of the data: `test` or `validation`.
        count: How many examples that part has; fewer may be added.
        classes: What the classes are called.

    >>> predictions = Predictions("test", 3, ["cat", "dog"])
    >>> predictions.add(np.zeros((3, 2, 2, 1)), [0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    >>> kept = predictions.as_json()
    >>> kept["confusion"], kept["right"]
    ([[0, 0, 1], [1, 0, 1], [1, 1, 1]], 2)
    >>> [(each["index"], each["true"], each["predicted"]) for each in kept["mistakes"]]
    [(2, 1, 0)]
    """

    def __init__(self, split: str, count: int, classes: Sequence[str]):
        self.split, self.count, self.classes = split, count, list(classes)
        self.mistakes: list[Mistake] = []
        self._pairs: collections.Counter[tuple[int, int]] = collections.Counter()
        self._seen = 0

    def add(self, inputs: Any, labels: Any, probabilities: Any, places: Sequence[int] | None = None) -> None:
        """Adds a batch.

        Args:
            inputs: The inputs, one an example.
            labels: The numbers of their classes.
            probabilities: Of each class, shape (examples, classes).
            places: The examples' places in the split; by default they follow those before.
        """
        inputs, labels = np.asarray(inputs), np.asarray(labels, "int64")
        probabilities = np.asarray(probabilities, "float64")
        predicted = probabilities.argmax(axis=-1)
        self._pairs.update(zip(labels.tolist(), predicted.tolist()))
        own = probabilities[np.arange(len(labels)), labels]
        wrong = np.flatnonzero(predicted != labels)
        for at in wrong[np.argsort(own[wrong], kind="stable")][:MOST_MISTAKES]:
            place = self._seen + int(at) if places is None else int(places[at])
            mistake = Mistake(
                place,
                int(labels[at]),
                int(predicted[at]),
                float(probabilities[at, predicted[at]]),
                float(own[at]),
                np.array(inputs[at]),
            )
            self.mistakes.append(mistake)
        self.mistakes = sorted(self.mistakes, key=lambda each: (each.probability_of_true, each.index))
        self.mistakes = self.mistakes[:MOST_MISTAKES]
        self._seen += len(labels)

    def as_json(self) -> dict[str, Any]:
        """All of it, as docs/reports.md describes `predictions.json`."""
        return {
            "split": self.split,
            "examples": self._seen,
            "of": self.count,
            "classes": self.classes,
            "right": sum(count for (true, predicted), count in self._pairs.items() if true == predicted),
            "confusion": [[*pair, count] for pair, count in sorted(self._pairs.items())],
            "mistakes": [_mistake_as_json(each) for each in self.mistakes],
        }


def _mistake_as_json(mistake: Mistake) -> dict[str, Any]:
    values = {
        "index": mistake.index,
        "true": mistake.true,
        "predicted": mistake.predicted,
        "probability": mistake.probability,
        "probability_of_true": mistake.probability_of_true,
    }
    if is_picture(mistake.picture.shape):
        values["picture"] = base64.b64encode(png(mistake.picture)).decode()
    return values


def is_picture(shape: Sequence[int]) -> bool:
    """Whether inputs of this shape can be looked at: height, width, and 1, 3 or 4 channels."""
    return len(shape) == 3 and shape[-1] in (1, 3, 4) and min(shape[:2]) > 1


def png(picture: np.ndarray) -> bytes:
    """A picture as a small PNG file.

    Args:
        picture: Height, width, channels. From 0 to 1, or from 0 to 255; values from elsewhere are stretched to fit.
    """
    from PIL import Image

    values = np.nan_to_num(np.asarray(picture, "float64"))
    low, high = values.min(), values.max()
    if low < 0 or high > 255:
        values = (values - low) / ((high - low) or 1.0)
        high = 1.0
    pixels = np.rint(values * (255 if high <= 1 else 1)).astype("uint8")
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[-1] == 1 else pixels)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
