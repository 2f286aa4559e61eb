"""The look of a part as lines in a picture: what the template draws as SVG."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from kzoo.registry import Card
from kzoo.registry.curves import Curve, curve_of

# Beyond this an activation is cut off: e^6 beside its start would leave a flat line of that.
_HIGHEST = 6.0
_WIDTH, _HEIGHT = 400.0, 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 12.0, 12.0, 28.0
Points = list[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Tick:
    """A mark on an axis: where in the picture, and its text."""

    at: float
    text: str
    zero: bool


@dataclasses.dataclass(frozen=True)
class Plot:
    """A picture.

    Args:
        lines: Name and SVG path of each line.
        x_ticks: Marks from left to right.
        y_ticks: Marks from bottom to top.
        x_label: What x is.
        said: The picture in words, for who doesn't see it.
        caption: What is drawn, where it isn't plain.
    """

    lines: tuple[tuple[str, str], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_label: str
    said: str
    caption: str = ""
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    right: float = _WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = _HEIGHT - _BOTTOM


def plot_of(card: Card) -> Plot | None:
    """The plot of an activation and its derivative, or of a schedule; None of all else."""
    curve = curve_of(card)
    if curve is None:
        return None
    if card.kind == "schedule":
        return _schedule(card, curve)
    slope = _without_spikes(curve.slope) if card.smooth else curve.slope
    lines = [("f", curve.x, curve.y), ("f′", curve.x, slope)]
    said = (
        f"f of {card.name} from {curve.x[0]:g} to {curve.x[-1]:g}: f({curve.x[0]:g}) = {curve.y[0]:.3g}, "
        f"f(0) = {curve.y[len(curve.y) // 2]:.3g}, f({curve.x[-1]:g}) = {curve.y[-1]:.3g}; "
        f"its derivative lies between {min(slope):.3g} and {max(slope):.3g}."
    )
    return _plot(lines, "x", said, limit=_HIGHEST)


def _without_spikes(slope: Sequence[float]) -> list[float]:
    """A smooth derivative without what autodiff makes of a single point where two branches meet, as in Keras's celu."""
    kept = list(slope)
    for at in range(1, len(kept) - 1):
        before, here, behind = slope[at - 1 : at + 2]
        if min(abs(here - before), abs(here - behind)) > 0.5 > 2 * abs(before - behind):
            kept[at] = (before + behind) / 2
    return kept


def _schedule(card: Card, curve: Curve) -> Plot:
    what = "momentum" if "momentum" in card.tags else "learning rate"
    said = (
        f"The {what} over the training: begins at {curve.y[0]:.3g}, ends at {curve.y[-1]:.3g}, "
        f"lies between {min(curve.y):.3g} and {max(curve.y):.3g}."
    )
    caption = f"{card.name}({curve.call})"
    return _plot([(what, curve.x, curve.y)], "% of the training", said, caption=caption, floor=0.0)


def _plot(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float]]],
    x_label: str,
    said: str,
    *,
    caption: str = "",
    limit: float = math.inf,
    floor: float | None = None,
) -> Plot:
    seen = [y for _, _, ys in lines for y in ys if abs(y) <= limit]
    low, high = min([*seen, *([] if floor is None else [floor])]), max(seen)
    margin = (high - low or 1.0) * 0.05
    low, high = low - (margin if floor is None else 0), high + margin
    first, last = lines[0][1][0], lines[0][1][-1]

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (x - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)
        down = _HEIGHT - _BOTTOM - (y - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return across, down

    drawn = []
    for name, xs, ys in lines:
        pieces: list[Points] = [[]]
        for x, y in zip(xs, ys):
            if abs(y) <= limit:
                pieces[-1].append(place(x, y))
            elif pieces[-1]:
                pieces.append([])
        drawn.append((name, "".join(_path(piece) for piece in pieces)))
    x_ticks = tuple(Tick(place(x, low)[0], f"{x:g}", x == 0) for x in ticks(first, last, 6))
    y_ticks = tuple(Tick(place(first, y)[1], f"{y:g}", y == 0) for y in ticks(low, high, 5))
    return Plot(tuple(drawn), x_ticks, y_ticks, x_label, said, caption)


def _path(points: Points) -> str:
    """An SVG path; what lies on a straight line needs no point of its own."""
    kept: Points = []
    for point in points:
        while len(kept) >= 2 and _straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return "".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(kept))


def _straight(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return abs(area) <= 0.02 * math.dist(a, c)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two ends: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(-6, 6, 6)
    [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0]
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 10) + 0.0 for index in range(first, last + 1)]
