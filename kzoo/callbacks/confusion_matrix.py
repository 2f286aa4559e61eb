"""Which class is taken for which, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from kzoo.arguments import count, whole_number
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen, Wanted
from kzoo.metrics.confusion import class_numbers, table

_KEPT = 40  # classes: up to here a summary has the matrix of each epoch, beyond it that of the last
_OFTEN = 0.2  # of a class's samples: from there on it is worth a word
_FEWEST = 10  # samples of a class, to speak of it


class ConfusionMatrix(Diagnostic):
    """Counts how often each class was predicted as each other, at the end of an epoch.

    At the end of the training it warns of a class that was never predicted, and of the pair that is confused most, if
    that happens to a fifth of the class's samples or more.

    Args:
        data: What to run: batches `(x, y)` as a `tf.data.Dataset` or any other iterable that can be run through again,
            or a tuple of arrays. Recipes fill in the validation data, or without any the training data.
        num_classes: How many classes there are, from 2; None for as many as the model has outputs, two if it has one.
        batches: How many batches of the data are used, always the same; None for all. 32 rows of arrays are one.
        every: How many epochs lie between two of them.
        class_names: What the classes are called; their numbers by default.

    Targets are class numbers or one row a sample. Of several outputs of a model the largest counts; one output is a
    probability, or a logit where the model's loss says so.

    Attributes:
        matrices: One array an epoch: targets by row, predictions by column.

    Raises:
        ValueError: If an argument isn't one of those; when the training begins, if there is no `data`.

    >>> import keras, numpy as np
    >>> from kzoo.callbacks import ConfusionMatrix
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Softmax()])
    >>> x = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 1.0]])
    >>> callback = ConfusionMatrix((x, np.array([1, 1, 0, 0])))
    >>> callback.set_model(model)
    >>> callback.matrix().tolist()
    [[2, 0], [1, 1]]
    """

    def __init__(
        self,
        data=None,
        num_classes: int | None = None,
        batches: int | None = 8,
        every: int = 1,
        class_names: Sequence[str] | None = None,
    ):
        super().__init__()
        self.data = data
        self.num_classes = None if num_classes is None else whole_number(num_classes=num_classes, least=2)
        self.batches = None if batches is None else count(batches=batches)
        self.every = count(every=every)
        self.class_names = list(class_names or [])

    @property
    def matrices(self) -> list[np.ndarray]:
        return [np.array(each["matrix"]) for each in self.records if "matrix" in each]

    def wanted(self):
        shape = getattr(self.model, "output_shape", None)
        given = shape[-1] if isinstance(shape, tuple) and shape else None
        classes = self.num_classes or given
        if given is not None and given != classes and (given, classes) != (1, 2):
            raise ValueError(
                f"`num_classes` must be how many outputs the model has, {given}, or 2 where it has one. "
                f"Received: num_classes={classes}"
            )
        border = 0.0 if _gives_logits(self.model) else 0.5

        def counted(targets: Any, outputs: Any) -> Any:
            number = self.num_classes or max(outputs.shape[-1], 2)
            guesses = ops.cast(outputs > border, "int32") if outputs.shape[-1] == 1 else outputs
            actual, guessed = class_numbers(targets, guesses, number)
            return table(actual, guessed, ops.ones_like(actual), number)

        return Wanted(self.data, self.batches, of_outputs=counted, every=self.every)

    def record(self, seen: Seen, epoch: int):
        matrix = np.sum(seen.of_outputs, axis=0)
        if len(matrix) > _KEPT:
            for earlier in self.records:
                earlier.pop("matrix", None)
        hits, of_class = np.diagonal(matrix), matrix.sum(axis=1)
        return {
            "accuracy": float(hits.sum() / max(matrix.sum(), 1)),
            "recall": [float(hit / number) if number else None for hit, number in zip(hits, of_class)],
            "matrix": matrix,
        }

    def words(self):
        if not self.records or "matrix" not in self.records[-1]:
            return []
        matrix = np.array(self.records[-1]["matrix"])
        of_class, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
        never = [self._called(each) for each in np.flatnonzero((predicted == 0) & (of_class >= _FEWEST))]
        found = []
        if never:
            some = ", ".join(never[:5]) + (" …" if len(never) > 5 else "")
            found.append(f"{_classes(never)} {some} never predicted in the last epoch")
        wrong = matrix - np.diag(np.diagonal(matrix))
        wrong[of_class < _FEWEST] = 0
        actual, guessed = np.unravel_index(wrong.argmax(), wrong.shape)
        number = wrong[actual, guessed]
        if number >= _OFTEN * max(of_class[actual], 1):
            found.append(
                f"class {self._called(actual)} was taken for {self._called(guessed)} in {number} of "
                f"{of_class[actual]} cases in the last epoch"
            )
        return found

    def matrix(self) -> np.ndarray:
        """The matrix now."""
        return np.array(self.record(self.look(), 0)["matrix"])

    def about(self):
        return {"class_names": self.class_names} if self.class_names else {}

    def _called(self, number: int) -> str:
        return str(self.class_names[number] if number < len(self.class_names) else number)

    def _example(self) -> str:
        return "(x_val, y_val)"


def _classes(which: list[str]) -> str:
    return "classes were" if len(which) > 1 else "class was"


def _gives_logits(model: Any) -> bool:
    return bool(getattr(getattr(model, "loss", None), "from_logits", False))
