"""Runs two sides in turn, several times, and prints medians and their ratio: the form of every benchmark here."""

from __future__ import annotations

import statistics
from collections.abc import Callable


def compare(what: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int = 5) -> float:
    """Measures both sides in turn and prints a line.

    Args:
        what: What is measured, with its unit.
        ours: Returns one measurement of our side.
        theirs: Returns one of the other side.
        rounds: How often each is measured; one round before that doesn't count.

    Returns:
        The median of ours over the median of theirs.
    """
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    mine, other = (statistics.median(side) for side in zip(*pairs))
    spread = statistics.quantiles([a / b for a, b in pairs], n=4)
    print(f"{what}: ours {mine:.4g}, theirs {other:.4g}, ratio {mine / other:.3f}", end="")
    print(f" (middle half of the rounds {spread[0]:.3f} to {spread[-1]:.3f}, {rounds} rounds)", flush=True)
    return mine / other
