"""An exponential moving average of the weights, around another optimizer."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.arguments import positive, share, whole_number
from kzoo.optimizers.averaged import Averaged
from kzoo.optimizers.exact import larger, power, smaller


@keras.saving.register_keras_serializable("kzoo")
class EMA(Averaged):
    """Averages where an optimizer leaves the weights, the latest most: what is evaluated (Polyak and Juditsky 1992).

    w̄ ← d w̄ + (1-d) w after each update, w̄ = w after the first. With `warmup` d rises to `decay`:
    d_t = 1 - (1 + (t-1)/γ)^(-p) at update t, but at least `min_decay`.

    Args:
        optimizer: The optimizer inside: its name, its configuration, or itself.
        decay: d, from 0 to 1.
        warmup: Whether d rises, so that the average isn't of where training began.
        warmup_gamma: γ, above 0.
        warmup_power: p, above 0: 2/3 for a million updates and more, 3/4 for fewer; 1 makes it the plain mean.
        min_decay: What d is at least while it rises.
        start: Until this update the average is the weight itself.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes, handed on to the optimizer inside.

    `learning_rate` is that of the optimizer inside. In `fit` the model is at the average whenever it is evaluated or
    saved, and training goes on from the raw weights; the statistics of batch normalization are measured anew for it
    (see `RecalibrateBatchNorm`). In a loop of your own it stays at the raw weights; `to_average(variables)` and
    `to_raw(variables)` go back and forth. Weights that you set or load after the first step replace the average alone:
    compile with a new optimizer to go on from them.

    Raises:
        ValueError: If an argument is out of its range or is set on the optimizer inside as well, or the optimizer
            inside averages weights itself.

    Paper: Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging.

    What differs: the same numbers as `timm.utils.ModelEmaV3`, whose `use_warmup` is False and which averages the
    statistics of BatchNorm too. `use_ema` of Keras's optimizers has no warm-up, evaluates the raw weights until the
    training ends, and leaves BatchNorm as it is.

    >>> from kzoo.optimizers import EMA
    >>> import keras
    >>> weight = keras.Variable([1.0])
    >>> optimizer = EMA(keras.optimizers.SGD(0.1), decay=0.5, warmup=False)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([1.0])], [weight])
    >>> optimizer.to_average([weight])
    >>> round(float(weight.numpy()[0]), 4)  # half way from .9 to .8
    0.85
    """

    def __init__(
        self,
        optimizer="adamw",
        decay: float = 0.9999,
        warmup: bool = True,
        warmup_gamma: float = 1.0,
        warmup_power: float = 2 / 3,
        min_decay: float = 0.0,
        start: int = 0,
        name: str | None = "ema",
        **kwargs,
    ):
        super().__init__(optimizer, name, **kwargs)
        self.decay = share(decay=decay)
        self.warmup = bool(warmup)
        self.warmup_gamma = positive(warmup_gamma=warmup_gamma)
        self.warmup_power = positive(warmup_power=warmup_power)
        self.min_decay = share(min_decay=min_decay)
        self.start = whole_number(start=start, least=0)

    def share(self, updates, dtype):
        since = ops.cast(updates - (self.start + 1), dtype)
        part = ops.full((), 1 - self.decay, dtype)
        if self.warmup:
            rising = power(1 + larger(since, 0) / self.warmup_gamma, -self.warmup_power)
            part = smaller(larger(rising, part), ops.full((), 1 - self.min_decay, dtype))
        return ops.where(since > 0, part, ops.ones_like(part))

    def get_config(self):
        own = ("decay", "warmup", "warmup_gamma", "warmup_power", "min_decay", "start")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
