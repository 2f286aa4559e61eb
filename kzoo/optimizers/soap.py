"""SOAP."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.arguments import count
from kzoo.optimizers.along_axes import add_axis_slot, axes_up_to, gram, times
from kzoo.optimizers.either import either
from kzoo.optimizers.exact import ExactOptimizer, below_one, decayed, moved, not_negative, one_minus_power


@keras.saving.register_keras_serializable("kzoo")
class SOAP(ExactOptimizer):
    """Adam in the eigenbases of Shampoo's preconditioners, which turn slowly (Vyas et al. 2024).

    For a matrix L ← β L + (1-β) G Gᵀ, R ← β R + (1-β) Gᵀ G with eigenvectors Q_L and Q_R: Adam's second moment is that
    of Q_Lᵀ G Q_R, and its step is turned back. Every `frequency` steps a power iteration and a QR decomposition make
    the bases follow. The first gradient only makes the first bases: the first step moves nothing.

    Args:
        learning_rate: A float, a `LearningRateSchedule`, or a callable.
        beta_1: Decay of the first moment, from 0 to below 1.
        beta_2: Decay of the second moment, from 0 to below 1.
        shampoo_beta: β; None is β₂.
        epsilon: Added to the root of the second moment before its bias is corrected.
        frequency: How many steps lie between two turns of the bases, from 1.
        largest: Axes longer than this aren't turned: an axis of n costs 2 n² numbers.
        bias_correction: Correct the bias of the moments as Adam does.
        name: Name of the optimizer.
        **kwargs: What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema` …

    Raises:
        ValueError: If an argument is out of its range.

    Paper: Vyas et al. 2024, SOAP: Improving and Stabilizing Shampoo using Adam, arXiv:2409.11321.

    What differs: the same numbers as the authors' code and `pytorch_optimizer.SOAP`, but in the dtype of the weight
    where these decompose in float32; they decay by .01 unless told otherwise. `frequency` is precondition_frequency,
    `largest` max_precondition_dim. Weights of rank 1 take Adam's steps, as there by default: their first gradient
    alone doesn't say what their bases are. Decay comes after the step, as there. Where gradients have low rank, bases
    are arbitrary in the rest, and with a small epsilon steps there are made of rounding; so they are with the authors.

    >>> from kzoo.optimizers import SOAP
    >>> import keras
    >>> weight = keras.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> optimizer = SOAP(learning_rate=0.1)
    >>> for _ in range(2):
    ...     optimizer.apply([keras.ops.convert_to_tensor([[4.0, 0.0], [0.0, 9.0]])], [weight])
    >>> [round(float(weight.numpy()[i, i]), 3) for i in (0, 1)]
    [0.9, 0.9]
    """

    IN_ONE_PASS = False

    def __init__(
        self,
        learning_rate=0.003,
        beta_1: float = 0.95,
        beta_2: float = 0.95,
        shampoo_beta: float | None = None,
        epsilon: float = 1e-8,
        frequency: int = 10,
        largest: int = 10000,
        bias_correction: bool = True,
        name: str | None = "soap",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = below_one("beta_1", beta_1)
        self.beta_2 = below_one("beta_2", beta_2)
        self.shampoo_beta = None if shampoo_beta is None else below_one("shampoo_beta", shampoo_beta)
        self.epsilon = not_negative("epsilon", epsilon)
        self.frequency = count(frequency=frequency)
        self.largest = count(largest=largest)
        self.bias_correction = bool(bias_correction)

    def _axes(self, weight) -> tuple[int, ...]:
        return axes_up_to(self.largest, weight) if len(weight.shape) > 1 else ()

    def slots_for(self, variable):
        axes = self._axes(variable)
        matrices = [f"{what}_{axis}" for what in ("moments", "basis") for axis in axes]
        return ("momentum", "velocity", *matrices)

    def add_slot(self, variable, name):
        if name in ("momentum", "velocity"):
            return super().add_slot(variable, name)
        return add_axis_slot(self, variable, name)

    def step(self, weight, gradient, slots, *, rate, decay, time):
        axes = self._axes(weight)
        first = ops.equal(time, 1)
        done = time - 1  # steps that moved, with this one
        moment, square, matrices = slots[0], slots[1], slots[2:]
        moments, bases = matrices[: len(axes)], matrices[len(axes) :]
        moment = moved(moment, gradient, self.beta_1)
        square = moved(square, ops.square(_turned(gradient, axes, bases)), self.beta_2)
        along = _turned(moment, axes, bases) / (ops.sqrt(square) + self.epsilon)
        length = rate
        if self.bias_correction:
            counted = ops.where(first, time, done)
            root = ops.sqrt(one_minus_power(self.beta_2, counted))
            length = rate * root / one_minus_power(self.beta_1, counted)
        update = length * _turned(along, axes, [ops.transpose(each) for each in bases])
        ahead = decayed(weight - update, rate, decay)
        beta = self.beta_2 if self.shampoo_beta is None else self.shampoo_beta
        moments = [moved(each, gram(gradient, axis), beta) for axis, each in zip(axes, moments)]
        ahead, moment = ops.where(first, weight, ahead), ops.where(first, slots[0], moment)
        square = ops.where(first, slots[1], square)
        if axes:
            due = ops.equal(ops.mod(done, self.frequency), 0)
            square, *bases = either(
                first,
                lambda: [square, *(_eigenvectors(each) for each in moments)],
                lambda: either(
                    due, lambda: _followed(square, axes, moments, bases), lambda: [square, *bases]
                ),
            )
        return ahead, [moment, square, *moments, *bases]

    def get_config(self):
        own = ("beta_1", "beta_2", "shampoo_beta", "epsilon", "frequency", "largest")
        own += ("bias_correction",)
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}


def _turned(tensor, axes, bases):
    for axis, basis in zip(axes, bases):
        tensor = times(tensor, basis, axis)
    return tensor


def _eigenvectors(matrix):
    """Those of the largest eigenvalues first."""
    return ops.flip(ops.eigh(matrix)[1], axis=1)


def _followed(square, axes, moments, bases):
    """Bases one power iteration on, sorted by their eigenvalues, and the second moment with them."""
    turned = []
    for axis, matrix, basis in zip(axes, moments, bases):
        product = matrix @ basis
        order = ops.argsort(-ops.sum(basis * product, axis=0))
        square = ops.take(square, order, axis=axis)
        turned.append(ops.qr(ops.take(product, order, axis=1))[0])
    return [square, *turned]
