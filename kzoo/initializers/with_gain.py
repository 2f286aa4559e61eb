"""Xavier's and Kaiming's uniform initialization with a gain, as PyTorch counts."""

from __future__ import annotations

import math

import keras

_ROOT_OF_TWO = math.sqrt(2)


class _UniformWithGain(keras.initializers.RandomUniform):
    """Uniform between plus and minus gain·√(3 / fan)."""

    def __init__(self, gain: float, seed=None):
        if isinstance(gain, bool) or not isinstance(gain, (int, float)) or gain <= 0:
            raise ValueError(f"`gain` must be a number above 0. Received: gain={gain!r}")
        super().__init__(seed=seed)
        self.gain = float(gain)

    def _fan(self, inputs: int, outputs: int) -> float:
        raise NotImplementedError

    def __call__(self, shape, dtype=None):
        shape = tuple(shape)
        if len(shape) < 2:
            raise ValueError(f"A kernel has at least two axes, inputs and outputs. Received: shape={shape}")
        window = math.prod(shape[:-2])
        limit = self.gain * math.sqrt(3 / max(self._fan(window * shape[-2], window * shape[-1]), 1))
        return keras.random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)

    def get_config(self):
        return {"gain": self.gain, "seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable("kzoo")
class XavierUniform(_UniformWithGain):
    """Uniform in ±gain·√(6 / (inputs + outputs)) (Glorot and Bengio 2010).

    Args:
        gain: What the numbers are multiplied by, above 0: 1 for linear and sigmoid, 5/3 for tanh, √2 for ReLU.
        seed: An integer, a `keras.random.SeedGenerator`, or None. An integer gives the same numbers at every call.

    Call it with a kernel's shape, `(inputs, units)` or `(…, channels, filters)`, and a dtype; it returns a tensor.

    Raises:
        ValueError: If the gain isn't above 0, or the shape has fewer than two axes.

    What differs: the same as `torch.nn.init.xavier_uniform_`; `keras.initializers.GlorotUniform` has no gain.

    >>> from kzoo.initializers import XavierUniform
    >>> import keras
    >>> kernel = XavierUniform(gain=5 / 3, seed=0)((100, 50))
    >>> bool(keras.ops.max(keras.ops.abs(kernel)) <= 5 / 3 * 0.2)
    True
    """

    def __init__(self, gain: float = 1.0, seed=None):
        super().__init__(gain, seed)

    def _fan(self, inputs: int, outputs: int) -> float:
        return (inputs + outputs) / 2


@keras.saving.register_keras_serializable("kzoo")
class KaimingUniform(_UniformWithGain):
    """Uniform in ±gain·√(3 / fan), the fan being inputs or outputs (He et al. 2015, arXiv:1502.01852).

    Args:
        gain: What the numbers are multiplied by, above 0: √2 for ReLU, √(2 / (1 + a²)) for a leaky ReLU of slope a,
            1 for a linear layer.
        mode: `fan_in` keeps the variance of activations, `fan_out` that of gradients.
        seed: An integer, a `keras.random.SeedGenerator`, or None. An integer gives the same numbers at every call.

    Call it with a kernel's shape, `(inputs, units)` or `(…, channels, filters)`, and a dtype; it returns a tensor.

    Raises:
        ValueError: If the gain isn't above 0, the mode isn't one of the two, or the shape has fewer than two axes.

    What differs: `torch.nn.init.kaiming_uniform_` takes the slope `a` and a `nonlinearity` and works the gain out of
    them. Its defaults are this one's. With √2 and `fan_in` it is `keras.initializers.HeUniform`.

    >>> from kzoo.initializers import KaimingUniform
    >>> import keras
    >>> kernel = KaimingUniform(mode="fan_out", seed=0)((50, 600))
    >>> bool(keras.ops.max(keras.ops.abs(kernel)) <= 0.1)
    True
    """

    def __init__(self, gain: float = _ROOT_OF_TWO, mode: str = "fan_in", seed=None):
        super().__init__(gain, seed)
        if mode not in ("fan_in", "fan_out"):
            raise ValueError(f"`mode` must be 'fan_in' or 'fan_out'. Received: mode={mode!r}")
        self.mode = mode

    def _fan(self, inputs: int, outputs: int) -> float:
        return inputs if self.mode == "fan_in" else outputs

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
