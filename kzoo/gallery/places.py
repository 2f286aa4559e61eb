"""Where in the site each page lies."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from kzoo.registry import KINDS, Card, catalogue

_LONGEST = 80
Place = dict[tuple[str, str], str]


def places_of(cards: Iterable[Card]) -> Place:
    """A path for the page of every part: `loss/smooth_l1.html`, `loss/acme.focal.html`.

    Names may come from anywhere: what is not a letter, a digit, `_` or `-` becomes `-`, and no two pages are one file
    where upper and lower case are the same.

    Args:
        cards: The cards.

    Returns:
        Paths by kind and full name.
    """
    paths: Place = {}
    taken = {f"{kind}/index.html" for kind in KINDS}
    for card in cards:
        stem = ".".join(_plain(piece) for piece in catalogue().shown_name(card).split("/"))[:_LONGEST]
        tried = (f"{card.kind}/{stem}{ending}.html" for ending in itertools.chain([""], _endings()))
        path = next(each for each in tried if each.casefold() not in taken)
        taken.add(path.casefold())
        paths[(card.kind, card.full_name)] = path
    return paths


def _endings() -> Iterable[str]:
    return (f"-{number}" for number in itertools.count(2))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name) or "-"
