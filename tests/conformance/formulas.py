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
        draw: Makes the inputs from a generator and a shape, where real numbers around 0 aren't what the part takes.
    """

    source: str
    function: Callable[..., tuple[Array, Array]]
    settings: tuple[tuple[dict[str, Any], tuple[int, ...]], ...]
    inputs: tuple[str, ...] = ("inputs",)
    draw: Callable[[np.random.Generator, tuple[int, ...]], tuple[Array, ...]] | None = None

    def against(self, part: str) -> str:
        return self.source

    def cases(self, part: str) -> list[Case]:
        generator = np.random.default_rng(0)
        made = []
        for arguments, shape in self.settings:
            if self.draw:
                arrays = dict(zip(self.inputs, self.draw(generator, shape), strict=True))
            else:
                arrays = {name: generator.normal(scale=3, size=shape) for name in self.inputs}
            value, gradient = self.function(*arrays.values(), **arguments)
            made.append(Case(dict(arguments), {**arrays, "value": value, "gradient": gradient}))
        return made
