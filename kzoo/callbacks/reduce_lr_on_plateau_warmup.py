"""The learning rate, warmed up over epochs and then cut on plateaus."""

from __future__ import annotations

import keras

from kzoo.arguments import not_negative, whole_number


class ReduceLROnPlateauWarmup(keras.callbacks.ReduceLROnPlateau):
    """Lets the learning rate rise for some epochs, then cuts it whenever a metric has stopped improving.

    It starts at `warmup_start` and rises by the same amount after each of `warmup` epochs, to the optimizer's own.
    From then on it is `keras.callbacks.ReduceLROnPlateau`, which hasn't looked at the metric before.

    Args:
        warmup: How many epochs it rises for; 0 for none.
        warmup_start: The learning rate of the first epoch, if there is any warm-up.
        monitor: The metric.
        factor: What the learning rate is multiplied by, below 1.
        patience: After how many epochs without improvement.
        verbose: 1 prints each cut.
        mode: "min", "max", or "auto", which goes by the metric's name.
        min_delta: How much counts as improvement.
        cooldown: For how many epochs after a cut none are counted.
        min_lr: The learning rate is never cut below this.

    A training that has begun already isn't warmed up.

    Raises:
        ValueError: If `warmup` isn't a whole number, `warmup_start` is negative, or `factor` isn't below 1.

    What differs: the same learning rates as `timm.scheduler.PlateauLRScheduler` with `patience_t` one less, and an
    absolute `min_delta` in place of its relative `threshold`. A cooldown of c there starts one epoch later.

    >>> import keras
    >>> from kzoo.callbacks import ReduceLROnPlateauWarmup
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.4), "mse")
    >>> callback = ReduceLROnPlateauWarmup(warmup=2, monitor="loss", factor=0.5, patience=1)
    >>> callback.set_model(model)
    >>> callback.on_train_begin()
    >>> rates = []
    >>> for epoch, loss in enumerate([3.0, 2.0, 1.0, 1.0, 0.5]):
    ...     rates.append(round(float(model.optimizer.learning_rate), 4))
    ...     callback.on_epoch_end(epoch, {"loss": loss})
    >>> rates
    [0.0, 0.2, 0.4, 0.4, 0.2]
    """

    def __init__(
        self,
        warmup: int = 5,
        warmup_start: float = 0.0,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        super().__init__(monitor, factor, patience, verbose, mode, min_delta, cooldown, min_lr)
        self.warmup = whole_number(warmup=warmup, least=0)
        self.warmup_start = not_negative(warmup_start=warmup_start)
        self._epochs, self._top = 0, 0.0

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        optimizer = self.model.optimizer
        fresh = int(keras.ops.convert_to_numpy(optimizer.iterations)) == 0
        self._top = self._rate()
        self._epochs = 0 if fresh else self.warmup
        if fresh and self.warmup:
            optimizer.learning_rate = self.warmup_start

    def on_epoch_end(self, epoch, logs=None):
        self._epochs += 1
        if self._epochs > self.warmup:
            super().on_epoch_end(epoch, logs)
            return
        if logs is not None:
            logs["learning_rate"] = self._rate()
        risen = (self._top - self.warmup_start) * self._epochs / self.warmup
        self.model.optimizer.learning_rate = self.warmup_start + risen

    def _rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
