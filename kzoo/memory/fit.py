"""The largest batch whose step fits into the memory there is."""

from __future__ import annotations

from typing import Protocol

from kzoo.memory.forecast import Forecast
from kzoo.memory.sizes import size_text
from kzoo.problems import KzooError, Problem

_MOST = 1 << 24


class Forecasts(Protocol):
    """What forecasts a step for any batch size."""

    def at(self, batch_size: int) -> Forecast:
        """The forecast for a batch size."""


def largest_batch(forecasts: Forecasts, limit: int) -> Forecast:
    """The forecast for the largest batch that fits.

    Looks where it would be if memory grew evenly with the batch, until one fits and the next doesn't.

    Args:
        forecasts: What forecasts the step.
        limit: Bytes that there are.

    Raises:
        KzooError: If a batch of one doesn't fit.
    """
    seen: dict[int, Forecast] = {}

    def at(size: int) -> Forecast:
        if size not in seen:
            seen[size] = forecasts.at(size)
        return seen[size]

    fits, over = 1, None
    if at(1).total_bytes > limit:
        message = f"a batch of 1 takes {size_text(at(1).total_bytes)}, more than {size_text(limit)}"
        hint = "Take a smaller model or smaller inputs, or an optimizer that keeps less."
        raise KzooError(Problem(message, hint=hint))
    guess = 8
    while over is None or over - fits > 1:
        if at(guess).total_bytes <= limit:
            fits = guess
        else:
            over = guess
        if fits >= _MOST:
            break
        guess = _guess(fits, over, at, limit)
    return at(fits)


def _guess(fits: int, over: int | None, at: object, limit: int) -> int:
    """Where a straight line through what was seen last reaches the limit, within the bounds."""
    first, second = (1, fits) if over is None else (fits, over)
    low, high = (at(each).total_bytes for each in (first, second))  # type: ignore[operator]
    slope = (high - low) / max(second - first, 1)
    wanted = int(first + (limit - low) / slope) if slope > 0 else 2 * second
    if over is None:
        return min(max(wanted, fits + 1), _MOST)
    return min(max(wanted, fits + 1), over - 1)
