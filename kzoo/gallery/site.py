"""The site: pages of parts, of kinds, and the front page, rendered and written."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kzoo import __version__
from kzoo.gallery.folder import check_folder, write_folder
from kzoo.gallery.headings import HEADINGS
from kzoo.gallery.part_page import PartPage, part_page
from kzoo.gallery.places import Place, places_of
from kzoo.gallery.related import related
from kzoo.gallery.search_index import search_index
from kzoo.problems import KzooError, Problem
from kzoo.registry import KINDS, Card, catalogue
from kzoo.registry.advice import advice
from kzoo.registry.catalogue import check_kind

_TEMPLATES = Path(__file__).with_name("templates")
_ASSETS = ("gallery.css", "search.js", "search_box.js", "copy.js", "tags.js")


@dataclasses.dataclass(frozen=True)
class Written:
    """What was written.

    Args:
        folder: Where it lies.
        pages: How many HTML pages.
        bytes: All files together.
        parts: How many parts of each kind.
        unreadable: Parts whose formula is shown as LaTeX, for it couldn't be read.
    """

    folder: Path
    pages: int
    bytes: int
    parts: dict[str, int]
    unreadable: list[str]


def write_gallery(folder: Path, kinds: Sequence[str] = KINDS) -> Written:
    """Writes a static site of the catalogue, plug-ins included; it needs no server and no network.

    Args:
        folder: Where it is to lie: a new folder, an empty one, or an earlier gallery, which is replaced.
        kinds: Only parts of these kinds.

    Returns:
        What was written.

    Raises:
        KzooError: If what it needs isn't installed, a kind is unknown, or the folder is somebody's.
    """
    for kind in kinds:
        check_kind(kind)
    _check_installed()
    check_folder(folder)
    cards = {kind: sorted(catalogue().cards(kind), key=_by_name) for kind in KINDS if kind in kinds}
    everything = [card for each in cards.values() for card in each]
    places = places_of(everything)
    pages = {card: part_page(card) for card in everything}
    files = _rendered(cards, pages, places)
    files["parts.js"] = search_index(everything, places)
    files |= {name: (_TEMPLATES / name).read_text(encoding="utf-8") for name in _ASSETS}
    contents = {name: text.encode() for name, text in files.items()}
    parts = {kind: len(each) for kind, each in cards.items()}
    write_folder(folder, contents, {"made_by": f"kzoo {__version__}", "parts": parts})
    return Written(
        folder,
        sum(name.endswith(".html") for name in files),
        sum(map(len, contents.values())),
        parts,
        [f"{card.kind} {card.full_name}" for card, page in pages.items() if _unreadable(page)],
    )


def _rendered(cards: dict[str, list[Card]], pages: dict[Card, PartPage], places: Place) -> dict[str, str]:
    """Every page's text by its path."""
    render = _renderer(places, {kind: len(each) for kind, each in cards.items()})
    files = {"index.html": render("front.html", "", plugins=_plugins(cards))}
    for kind, own in cards.items():
        near = related(own)
        tags = collections.Counter(tag for card in own for tag in card.tags)
        files[f"{kind}/index.html"] = render(
            "kind.html",
            "../",
            kind=kind,
            parts=[pages[card] for card in own],
            tags=sorted(tag for tag, count in tags.items() if count > 1),
            advised=[(tag, advice(kind, tag)) for tag in sorted(tags) if advice(kind, tag)],
        )
        for card in own:
            files[places[(card.kind, card.full_name)]] = render(
                "part.html",
                "../",
                part=pages[card],
                card=card,
                kind=kind,
                related=[pages[each] for each in near[card.full_name]],
            )
    return files


def _renderer(places: Place, counts: dict[str, int]) -> Callable[..., str]:
    """What renders a template; `up` is the way from the page to the site's folder."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    environment.globals |= {"headings": HEADINGS, "version": __version__, "counts": counts}
    templates: dict[str, Any] = {}

    def render(name: str, up: str, **values: Any) -> str:
        template = templates.setdefault(name, environment.get_template(name))

        def link(card: Card) -> str:
            return up + places[(card.kind, card.full_name)]

        return template.render(up=up, link=link, **values) + "\n"

    return render


def _breakable(name: str) -> Markup:
    """A name that a narrow line may break behind its underscores."""
    return Markup("_<wbr>").join(name.split("_"))


def _plugins(cards: dict[str, list[Card]]) -> list[tuple[str, int]]:
    """Who else brings parts, and how many."""
    count = collections.Counter(card.package for each in cards.values() for card in each)
    return sorted((name, many) for name, many in count.items() if name not in ("keras", "kzoo"))


def _by_name(card: Card) -> tuple[str, str]:
    return card.name.casefold(), card.full_name


def _unreadable(page: PartPage) -> bool:
    formula = page.card.formula and page.formula is None
    return bool(formula or (page.card.derivative and page.derivative is None))


def _check_installed() -> None:
    import importlib.util

    if importlib.util.find_spec("latex2mathml") is None:
        text = "the gallery's formulas need latex2mathml, which isn't installed here"
        raise KzooError(Problem(text, hint='pip install "kzoo[gallery]"'))
