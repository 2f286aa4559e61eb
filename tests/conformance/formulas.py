"""Closed forms in float64, with their derivatives, for what no other package has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from .golden import Case

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Formula:
    """A reference that is worked out here.

    Args:
        source: What the proof says it was compared with.
        function: Called with the inputs and a case's arguments; returns the value, and the gradient of the value's
            sum by the last input.
        settings: The arguments and input shape of each case.
        inputs: Names of the inputs.
    """

    source: str
    function: Callable[..., tuple[Array, Array]]
    settings: tuple[tuple[dict[str, Any], tuple[int, ...]], ...]
    inputs: tuple[str, ...] = ("inputs",)

    def against(self, part: str) -> str:
        return self.source

    def cases(self, part: str) -> list[Case]:
        generator = np.random.default_rng(0)
        made = []
        for arguments, shape in self.settings:
            arrays = {name: generator.normal(scale=3, size=shape) for name in self.inputs}
            value, gradient = self.function(*arrays.values(), **arguments)
            made.append(Case(dict(arguments), {**arrays, "value": value, "gradient": gradient}))
        return made


def swish(x: Array, beta: float = 1.0, learn_beta: bool = False) -> tuple[Array, Array]:
    sigmoid = 1 / (1 + np.exp(-beta * x))
    return x * sigmoid, sigmoid + beta * x * sigmoid * (1 - sigmoid)


def maxout(x: Array, units: int, axis: int = -1) -> tuple[Array, Array]:
    moved = np.moveaxis(x, axis, -1)
    groups = moved.reshape(*moved.shape[:-1], units, -1)
    largest = groups.max(-1)
    chosen = (groups == largest[..., None]).astype("float64").reshape(moved.shape)
    return np.moveaxis(largest, -1, axis), np.moveaxis(chosen, -1, axis)


def berhu(y_true: Array, y_pred: Array, threshold: float = 0.2) -> tuple[Array, Array]:
    difference = y_pred - y_true
    error = np.abs(difference)
    corner = threshold * error.max()
    value = np.where(error <= corner, error, (error**2 + corner**2) / (2 * corner))
    slope = np.sign(difference) * np.where(error <= corner, 1, error / corner)
    return value.mean(), slope / slope.size
