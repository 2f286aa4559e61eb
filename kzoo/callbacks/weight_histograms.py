"""Histograms of the weights, for TensorBoard."""

from __future__ import annotations

import keras
import numpy as np

from kzoo.callbacks.histograms import Histograms
from kzoo.callbacks.measuring import Seen


class WeightHistograms(Histograms):
    """Writes a histogram of each trainable weight for TensorBoard, at the end of an epoch.

    It warns at the end of the training if weights aren't finite.

    Args:
        every: How many epochs lie between two of them.
        log_dir: The folder for TensorBoard; in a recipe one inside the run folder.

    Large weights are sampled: about 16,000 of their numbers, at equal distances.

    Raises:
        ValueError: If `every` isn't a positive integer.

    What differs: `keras.callbacks.TensorBoard(histogram_freq=1)` writes one of every weight of a layer, those that
    don't train too, and takes longer: it counts with TensorFlow's operations, all numbers there are.

    >>> import keras, numpy as np, tempfile
    >>> from kzoo.callbacks import WeightHistograms
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="only")])
    >>> model.compile("sgd", "mse")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     callback = WeightHistograms(log_dir=folder)
    ...     history = model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0, callbacks=[callback])
    >>> [name.rpartition("/")[2] for name in callback.summary()["by_weight"]]
    ['kernel', 'bias']
    """

    what = "weights"
    needs_data = False

    def __init__(self, every: int = 1, log_dir: str = "tensorboard/diagnostics"):
        super().__init__(every, log_dir)

    def arrays(self, seen: Seen) -> list[np.ndarray]:
        return [keras.ops.convert_to_numpy(each) for each in self.model.trainable_weights]

    def words(self):
        spread = self.records[-1]["by_weight"] if self.records else {}
        return [
            f"weight {name} isn't finite any more; try a lower learning rate, or clipnorm: 1.0 at the optimizer"
            for name, value in list(spread.items())
            if not np.isfinite(value)
        ][:1]
