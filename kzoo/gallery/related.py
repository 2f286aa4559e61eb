"""Which parts of a kind belong together: by the tags that they share, rare ones first."""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence

from kzoo.registry import Card


def related(cards: Sequence[Card], most: int = 6) -> dict[str, list[Card]]:
    """The nearest parts of every part.

    Args:
        cards: All cards of one kind.
        most: How many at most.

    Returns:
        By full name the cards that share most with it, best first: tags, each worth more the fewer have it, the
        code that both are made by, the paper, the beginning of the name.
    """
    count = collections.Counter(tag for card in cards for tag in set(card.tags))
    worth = {tag: math.log(1 + len(cards) / having) for tag, having in count.items()}

    def likeness(one: Card, other: Card) -> float:
        shared = set(one.tags) & set(other.tags)
        total = sum(worth[tag] for tag in shared)
        different = sum(worth[tag] for tag in set(one.tags) ^ set(other.tags))
        total -= 0.1 * different
        total += 1.5 * bool(one.paper and one.paper == other.paper)
        total += 1.0 * (one.target == other.target)
        return total + 0.2 * _common_beginning(one.name, other.name)

    found = {}
    for card in cards:
        scored = [(likeness(card, other), other) for other in cards if other.full_name != card.full_name]
        near = sorted(
            (pair for pair in scored if pair[0] > 0.8), key=lambda pair: (-pair[0], pair[1].full_name)
        )
        found[card.full_name] = [other for _, other in near[:most]]
    return found


def _common_beginning(one: str, other: str) -> int:
    return next((index for index, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
