"""Muon as torch has it, for convolutions too."""

from __future__ import annotations

import math
import re

import keras
from keras import ops

from kzoo.optimizers.exact import (
    ExactOptimizer,
    below_one,
    decayed,
    moved,
    not_negative,
    one_minus_power,
)
from kzoo.optimizers.orthogonal import orthogonal


@keras.saving.register_keras_serializable("kzoo")
class Muon(ExactOptimizer):
    """Momentum whose steps are made orthogonal, for kernels; AdamW for all else (Jordan et al. 2024).

    m_t = μ m_{t-1} + g_t; five Newton-Schulz iterations push all singular values of g_t + μ m_t towards 1. Kernels of
    more dimensions are matrices of (everything else) × (output channels). Weights of rank 0 and 1, embeddings, and
    what `exclude` finds take AdamW steps; the last layer is best named there.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        nesterov: Orthogonalize g_t + μ m_t instead of m_t.
        newton_schulz_steps: Number of iterations, from 1.
        adjust: `"original"`: steps times √max(1, outputs / inputs); `"match_rms_adamw"`: times .2 √max(outputs,
            inputs), so that rates and decays of AdamW fit.
        epsilon: The least norm that is divided by.
        exclude: Regular expressions: weights in whose path one is found take AdamW steps.
        adam_rate: What the learning rate is multiplied by in AdamW steps.
        beta_1: AdamW's decay of the first moment, from 0 to below 1.
        beta_2: AdamW's decay of the second moment, from 0 to below 1.
        adam_epsilon: AdamW's epsilon, added after the bias is corrected.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Liu et al. 2025, Muon is Scalable for LLM Training, arXiv:2502.16982.

    What differs: the same as `torch.optim.Muon` on the transposed kernel (torch keeps outputs × inputs) and AdamW on
    the rest, but iterated in float32 or the weight's float64 where torch takes bfloat16, and without torch's default
    decay of .1. `keras.optimizers.Muon` scales by .2 √max, and leaves convolutions to AdamW.

    >>> from kzoo.optimizers import Muon
    >>> import keras
    >>> weight = keras.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> optimizer = Muon(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[4.0, 0.0], [0.0, 4.0]])], [weight])
    >>> 0.85 < float(weight.numpy()[0, 0]) < 0.95
    True
    """

    IN_ONE_PASS = False

    def __init__(
        self,
        learning_rate=0.001,
        momentum: float = 0.95,
        nesterov: bool = True,
        newton_schulz_steps: int = 5,
        adjust: str = "original",
        epsilon: float = 1e-7,
        exclude: list[str] | None = None,
        adam_rate: float = 1.0,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        adam_epsilon: float = 1e-8,
        name: str | None = "muon",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if isinstance(newton_schulz_steps, bool) or not newton_schulz_steps >= 1:
            raise ValueError(
                f"`newton_schulz_steps` must be at least 1. Received: newton_schulz_steps={newton_schulz_steps}"
            )
        if adjust not in ("original", "match_rms_adamw"):
            raise ValueError(f"`adjust` must be 'original' or 'match_rms_adamw'. Received: adjust={adjust!r}")
        self.momentum = below_one("momentum", momentum)
        self.nesterov = bool(nesterov)
        self.newton_schulz_steps = newton_schulz_steps
        self.adjust = adjust
        self.epsilon = not_negative("epsilon", epsilon)
        self.exclude = list(exclude or [])
        self.adam_rate = not_negative("adam_rate", adam_rate)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.adam_epsilon = not_negative("adam_epsilon", adam_epsilon)

    def slots_for(self, variable):
        path = getattr(variable, "path", variable.name)
        excluded = "embedding" in path.lower() or any(re.search(each, path) for each in self.exclude)
        return ("momentum", "velocity") if len(variable.shape) < 2 or excluded else ("momentum",)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        if len(slots) == 2:
            return self._adamw(weight, gradient, slots, rate=rate * self.adam_rate, decay=decay, time=time)
        velocity = self.momentum * slots[0] + gradient
        along = gradient + self.momentum * velocity if self.nesterov else velocity
        matrix = ops.reshape(along, (-1, along.shape[-1]))
        inputs, outputs = math.prod(along.shape[:-1]), along.shape[-1]
        if self.adjust == "original":
            factor = math.sqrt(max(1, outputs / inputs))
        else:
            factor = 0.2 * math.sqrt(max(inputs, outputs))
        update = ops.reshape(orthogonal(matrix, self.newton_schulz_steps, self.epsilon), along.shape)
        return decayed(weight, rate, decay) - rate * factor * update, [velocity]

    def _adamw(self, weight, gradient, slots, *, rate, decay, time):
        moment = moved(slots[0], gradient, self.beta_1)
        square = moved(slots[1], ops.square(gradient), self.beta_2)
        root = ops.sqrt(square) / ops.sqrt(one_minus_power(self.beta_2, time)) + self.adam_epsilon
        step = rate / one_minus_power(self.beta_1, time) * moment / root
        return decayed(weight, rate, decay) - step, [moment, square]

    def get_config(self):
        own = ("momentum", "nesterov", "newton_schulz_steps", "adjust", "epsilon", "exclude", "adam_rate")
        own += ("beta_1", "beta_2", "adam_epsilon")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
