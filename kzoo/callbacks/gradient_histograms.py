"""Histograms of the gradients, for TensorBoard."""

from __future__ import annotations

import numpy as np

from kzoo.arguments import count
from kzoo.callbacks.histograms import Histograms
from kzoo.callbacks.measuring import Seen, Wanted


class GradientHistograms(Histograms):
    """Writes a histogram of the gradient of each trainable weight for TensorBoard, at the end of an epoch.

    The gradient is that of the loss on a batch or a few, as in training, with dropout and regularization;
    `GradientNorms` on the same data shares it. It warns at the end of the training of weights whose gradient was
    nothing but zeros.

    Args:
        data: What to run: batches `(x, y)` as a `tf.data.Dataset` or any other iterable that can be run through again,
            or a tuple of arrays. Recipes fill in the training data, shuffled and augmented.
        batches: How many batches of it are used, always the same; the gradient is the mean of theirs.
        every: How many epochs lie between two histograms.
        log_dir: The folder for TensorBoard; in a recipe one inside the run folder.

    Large weights are sampled: about 16,000 of their numbers, at equal distances.

    Raises:
        ValueError: If `batches` or `every` isn't a positive integer; when the training begins, if there is no `data`.

    >>> import keras, numpy as np, tempfile
    >>> from kzoo.callbacks import GradientHistograms
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="only")])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.zeros((4, 2)), np.ones(4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     callback = GradientHistograms((x, y), log_dir=folder)
    ...     callback.quiet = True
    ...     history = model.fit(x, y, verbose=0, callbacks=[callback])
    >>> callback.words()  # inputs of zero teach it nothing
    ['weight only/kernel had a gradient of nothing but zeros in the last epoch: it learns nothing']
    """

    what = "gradients"

    def __init__(self, data=None, batches: int = 1, every: int = 1, log_dir: str = "tensorboard/diagnostics"):
        super().__init__(every, log_dir)
        self.data = data
        self.batches = count(batches=batches)

    def wanted(self):
        return Wanted(self.data, self.batches, gradients=True, every=self.every)

    def arrays(self, seen: Seen) -> list[np.ndarray]:
        return seen.mean_gradients()

    def words(self):
        zero = self.records[-1]["zero"] if self.records else {}
        return [
            f"weight {name} had a gradient of nothing but zeros in the last epoch: it learns nothing"
            for name, share in zero.items()
            if share == 1
        ]

    def _example(self) -> str:
        return "(x_train[:256], y_train[:256])"
