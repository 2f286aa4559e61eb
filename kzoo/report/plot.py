"""Lines to the geometry of an SVG picture, which the templates draw in the page's own colours."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 420, 250
_RIGHT, _TOP, _BOTTOM = 12, 12, 34
_LETTER = 6.6  # about the width of a digit at the templates' font size
_MOST_POINTS = 1000  # a line; more can't be told apart in so small a picture
_LOG_ABOVE = 100.0  # largest through smallest value
COLORS = 8  # that the style sheet has


@dataclasses.dataclass(frozen=True)
class Line:
    """Values by epoch.

    Args:
        name: What the legend calls it.
        points: Pairs of x and y; the line breaks where y isn't finite.
        color: The number of its colour.
        mark: Whether its smallest (`min`) or largest (`max`) value is marked; "" for neither.
    """

    name: str
    points: Sequence[tuple[float, float]]
    color: int = 0
    mark: str = ""

    @property
    def dashed(self) -> bool:
        """Whether it has to share its colour with an earlier line."""
        return self.color // COLORS % 2 == 1


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A line as it is drawn.

    Args:
        line: The line.
        path: The `d` of an SVG path.
        dots: Places of points that have no neighbour, and so no line.
        mark: Where the marked value is, and what it is; None for no mark.
    """

    line: Line
    path: str
    dots: list[tuple[float, float]]
    mark: tuple[float, float, str] | None


@dataclasses.dataclass(frozen=True)
class Plot:
    """A picture of lines.

    Args:
        title: What it shows.
        lines: The lines.
        x_label: What goes along the x axis.
        integer_x: Whether x counts something.
    """

    title: str
    lines: Sequence[Line]
    x_label: str = "epoch"
    integer_x: bool = True

    width, height, top, right = WIDTH, HEIGHT, _TOP, WIDTH - _RIGHT

    @property
    def bottom(self) -> float:
        return HEIGHT - _BOTTOM

    @functools.cached_property
    def left(self) -> float:
        longest = max((len(label) for _, label in self._y_labels), default=1)
        return 12 + _LETTER * longest

    @functools.cached_property
    def log(self) -> bool:
        """Whether the y axis is logarithmic: where values differ by orders of magnitude."""
        values = self._values
        return bool(values) and min(values) > 0 and max(values) / min(values) >= _LOG_ABOVE

    @functools.cached_property
    def _values(self) -> list[float]:
        return [y for line in self.lines for _, y in line.points if math.isfinite(y)]

    @functools.cached_property
    def _x_range(self) -> tuple[float, float]:
        values = [x for line in self.lines for x, y in line.points if math.isfinite(y)] or [0.0]
        return (min(values), max(values)) if min(values) < max(values) else (values[0] - 1, values[0] + 1)

    @functools.cached_property
    def _y_range(self) -> tuple[float, float]:
        values = self._values or [0.0]
        low, high = min(values), max(values)
        if self.log:
            return low / 1.2, high * 1.2
        margin = 0.05 * (high - low) or 0.25 * abs(low) or 1.0
        return (0.0 if 0 <= low <= high / 2 or 0 < low == high else low - margin), high + margin

    def x(self, value: float) -> float:
        """Where an x lies in the picture."""
        low, high = self._x_range
        return round(self.left + (value - low) / (high - low) * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        """Where a y lies in the picture."""
        low, high = self._y_range
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return round(self.bottom - (value - low) / (high - low) * (self.bottom - self.top), 1)

    @functools.cached_property
    def _y_labels(self) -> list[tuple[float, str]]:
        return (decades if self.log else ticks)(*self._y_range)

    def y_ticks(self) -> list[tuple[float, str]]:
        """Places and labels along the y axis."""
        return [(self.y(value), label) for value, label in self._y_labels]

    def x_ticks(self) -> list[tuple[float, str]]:
        """Places and labels along the x axis."""
        found = ticks(*self._x_range, count=6)
        if self.integer_x:
            found = [each for each in found if each[0] == round(each[0])]
        return [(self.x(value), label) for value, label in found]

    def drawn(self) -> list[Drawn]:
        """The lines as paths."""
        return [self._drawn(line) for line in self.lines]

    def _drawn(self, line: Line) -> Drawn:
        pieces: list[list[tuple[float, float]]] = [[]]
        for x, y in thinned(line.points):
            if math.isfinite(y):
                pieces[-1].append((self.x(x), self.y(y)))
            elif pieces[-1]:
                pieces.append([])
        path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in piece) for piece in pieces if len(piece) > 1)
        dots = [piece[0] for piece in pieces if len(piece) == 1]
        return Drawn(line, path, dots, self._mark(line))

    def _mark(self, line: Line) -> tuple[float, float, str] | None:
        finite = [(x, y) for x, y in line.points if math.isfinite(y)]
        if not line.mark or len(finite) < 2:
            return None
        best = (min if line.mark == "min" else max)(finite, key=lambda point: point[1])
        return self.x(best[0]), self.y(best[1]), f"{number(best[1])} at {self.x_label} {number(best[0])}"

    def readings(self) -> dict[str, Any]:
        """What the page's script needs to say which values lie under the pointer."""
        xs = sorted({x for line in self.lines for x, _ in thinned(line.points)})
        values = [dict(line.points) for line in self.lines]
        return {
            "label": self.x_label,
            "at": [self.x(x) for x in xs],
            "x": [number(x) for x in xs],
            "values": [[number(each[x]) if x in each else "" for x in xs] for each in values],
        }


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Evenly chosen points, first and last among them, where there are more than can be seen."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    last = len(points) - 1
    return [points[round(index * last / (_MOST_POINTS - 1))] for index in range(_MOST_POINTS)]


def ticks(low: float, high: float, count: int = 5) -> list[tuple[float, str]]:
    """Round values within a range, with labels.

    >>> ticks(0, 1)
    [(0.0, '0'), (0.2, '0.2'), (0.4, '0.4'), (0.6, '0.6'), (0.8, '0.8'), (1.0, '1')]
    >>> [label for _, label in ticks(0.92, 0.97)]
    ['0.92', '0.93', '0.94', '0.95', '0.96', '0.97']
    """
    rough = (high - low) / count
    power = 10 ** math.floor(math.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda factor: abs(math.log(factor * power / rough)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [round(index * step, digits + 2) for index in range(first, last + 1)]
    return [(value, number(value)) for value in values]


def decades(low: float, high: float) -> list[tuple[float, str]]:
    """Powers of ten within a range, with labels; seven at most.

    >>> decades(0.0005, 20)
    [(0.001, '0.001'), (0.01, '0.01'), (0.1, '0.1'), (1.0, '1'), (10.0, '10')]
    """
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    step = math.ceil(len(powers) / 7) or 1
    return [(10.0**power, number(10.0**power)) for power in powers[::step]]


def number(value: float, digits: int = 4) -> str:
    """A number as people write it.

    Args:
        value: The number.
        digits: How many of its digits count; whole numbers keep all.

    >>> number(0.00005), number(0.12345), number(12345.0), number(3.0), number(0.12345, 2)
    ('5e-5', '0.1235', '12345', '3', '0.12')
    """
    if not math.isfinite(value):
        return str(value)
    if value == round(value) and abs(value) < 1e6:
        return str(round(value))
    if 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"
