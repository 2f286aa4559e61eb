"""Scion."""

from __future__ import annotations

import math
import re

import keras
from keras import ops

from kzoo.arguments import count, positive
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved
from kzoo.optimizers.orthogonal import orthogonal


@keras.saving.register_keras_serializable("kzoo")
class Scion(ExactOptimizer):
    """Steps of one length in the norm that suits a weight, whatever the gradient's (Pethick et al. 2025).

    With the average d ← μ d + (1-μ) g: a matrix moves by ρ √(outputs / inputs) U Vᵀ where d = U S Vᵀ, a convolution's
    kernel by that divided by its positions, a vector by ρ d / rms(d), and what is in `signed` by
    ρ signed_scale · sign(d) / inputs. θ ← θ - η of that.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        momentum: μ, from 0 to below 1.
        scale: ρ, above 0: how long a step is; with `constrained`, the radius.
        constrained: Keep weights within the radius: θ ← (1-η) θ before the step, in place of weight decay.
        newton_schulz_steps: How many Newton-Schulz iterations make U Vᵀ, from 1.
        signed: Regular expressions for the paths of weights that move by sign: the last layer's kernel.
        signed_scale: How much longer their steps are, above 0.
        epsilon: Added to the root mean square of a vector.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm` …

    Raises:
        ValueError: If an argument is out of its range, or `constrained` and `weight_decay` are both set.

    Paper: Pethick et al. 2025, Training Deep Learning Models with Norm-Constrained LMOs, arXiv:2502.07529.

    What differs: the same numbers as `pytorch_optimizer.SCION`, whose `momentum` is 1-μ, without its rounding to
    bfloat16. Weights start as their layers have it, not on the sphere of the norm.

    >>> from kzoo.optimizers import Scion
    >>> import keras
    >>> weight = keras.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> optimizer = Scion(learning_rate=0.1)
    >>> optimizer.apply([keras.ops.convert_to_tensor([[4.0, 0.0], [0.0, 4.0]])], [weight])
    >>> 0.85 < float(weight.numpy()[0, 0]) < 0.95
    True
    """

    SLOTS = ("momentum",)
    IN_ONE_PASS = False

    def __init__(
        self,
        learning_rate=0.001,
        momentum: float = 0.9,
        scale: float = 1.0,
        constrained: bool = False,
        newton_schulz_steps: int = 5,
        signed: list[str] | None = None,
        signed_scale: float = 1.0,
        epsilon: float = 1e-8,
        name: str | None = "scion",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if constrained and self.weight_decay:
            raise ValueError(
                "`weight_decay` must not be set where `constrained` is: the radius takes its place. "
                f"Received: weight_decay={self.weight_decay}"
            )
        self.momentum = below_one("momentum", momentum)
        self.scale = positive(scale=scale)
        self.constrained = bool(constrained)
        self.newton_schulz_steps = count(newton_schulz_steps=newton_schulz_steps)
        self.signed = list(signed or [])
        self.signed_scale = positive(signed_scale=signed_scale)
        self.epsilon = positive(epsilon=epsilon)

    def slots_for(self, variable):
        path = getattr(variable, "path", variable.name)
        return ("momentum", "signed") if any(re.search(each, path) for each in self.signed) else ("momentum",)

    def add_slot(self, variable, name):
        if name != "signed":
            return super().add_slot(variable, name)
        # Only that it is there counts: `step` isn't told of the variable.
        return self.add_variable((), dtype="float32", name=name)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        moment = moved(slots[0], gradient, self.momentum)
        update = self._signed(moment) if len(slots) > 1 else self._direction(moment)
        weight = weight * (1 - rate) if self.constrained else decayed(weight, rate, decay)
        return weight - rate * self.scale * update, [moment, *slots[1:]]

    def _signed(self, moment):
        inputs = moment.shape[-2] if len(moment.shape) > 1 else 1
        return ops.sign(moment) * (self.signed_scale / inputs)

    def _direction(self, moment):
        """The step of length 1 along which a weight's average falls most."""
        if len(moment.shape) < 2:
            mean = ops.sum(ops.square(moment)) / max(math.prod(moment.shape), 1)
            return moment / (ops.sqrt(mean) + self.epsilon)
        *positions, inputs, outputs = moment.shape
        factor = math.sqrt(outputs / inputs) / math.prod(positions)
        matrix = ops.reshape(moment, (-1, outputs))
        update = orthogonal(matrix, self.newton_schulz_steps, 1e-7)
        return factor * ops.reshape(update, moment.shape)

    def get_config(self):
        own = ("momentum", "scale", "constrained", "newton_schulz_steps", "signed", "signed_scale", "epsilon")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}
