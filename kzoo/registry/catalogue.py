"""All cards there are, and how a name finds one.

The cards of kzoo and of Keras are read a kind at a time, when first asked for; plug-ins are looked for when a name is
neither Keras's nor kzoo's, or when everything is listed.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import tomli

from kzoo import shipped
from kzoo.problems import KzooError, KzooWarning, Problem, fold, nearest
from kzoo.registry.card import Card, card_from_table
from kzoo.registry.kinds import KINDS
from kzoo.registry.plugins import Plugin, installed_plugins

_BUILT_IN = ("keras", "kzoo")  # in this order a bare name is theirs


class Catalogue:
    """The registry: cards by kind and name.

    Args:
        folder: The folder with one TOML file a kind.
        plugins: What finds the plug-ins.
    """

    def __init__(self, folder: Path, plugins: Callable[[], list[Plugin]] = installed_plugins):
        self.folder = folder
        self._find_plugins = plugins
        self._registered: dict[str, dict[str, Card]] = {kind: {} for kind in KINDS}
        self._built_in = functools.cache(self._read)

    # Reading ----------------------------------------------------------------------------------------------------

    def _read(self, kind: str) -> tuple[dict[str, Card], dict[str, list[Card]]]:
        """The built-in cards of a kind by full name, and by every folded name."""
        path = self.folder / f"{kind}.toml"
        tables = tomli.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        cards = [card_from_table(kind, key, table) for key, table in tables.items()]
        return {fold(card.full_name): card for card in cards}, _by_name(cards)

    @functools.cached_property
    def plugins(self) -> list[Plugin]:
        """The installed plug-ins. A broken one is set aside with a warning."""
        found = self._find_plugins()
        for plugin in found:
            if plugin.broken:
                text = f"plug-in '{plugin.name}' ({plugin.distribution}) was set aside: {plugin.broken}"
                warnings.warn(text, KzooWarning, stacklevel=2)
        return found

    def _added(self, kind: str) -> list[Card]:
        """Cards of plug-ins and scripts."""
        brought = [card for plugin in self.plugins for card in plugin.cards if card.kind == kind]
        return brought + list(self._registered[kind].values())

    def cards(self, kind: str) -> list[Card]:
        """Every card of a kind, Keras's and kzoo's first.

        Raises:
            KzooError: If there is no such kind.
        """
        check_kind(kind)
        return list(self._built_in(kind)[0].values()) + self._added(kind)

    def all_cards(self) -> Iterator[Card]:
        for kind in KINDS:
            yield from self.cards(kind)

    # Finding ----------------------------------------------------------------------------------------------------

    def names(self, kind: str, pattern: str = "*", tag: str | None = None) -> list[str]:
        """Names by which parts are found, sorted; `package/name` where the bare name is another's."""
        wanted = pattern.lower()
        names = [
            self.shown_name(card)
            for card in self.cards(kind)
            if (tag is None or tag in card.tags)
            and any(
                fnmatch.fnmatch(name.lower(), wanted) for name in (card.name, card.full_name, *card.aliases)
            )
        ]
        return sorted(names)

    def shown_name(self, card: Card) -> str:
        """The shortest name that finds the card."""
        return card.name if self._fitting(card.kind, card.name) == [card] else card.full_name

    def find(self, kind: str, name: str) -> Card:
        """The card that a name means.

        Args:
            kind: The kind of part.
            name: A bare name or `package/name`; case, `_`, `-` and spaces don't count.

        Raises:
            KzooError: If nothing has the name, or two plug-ins have it.
        """
        found = self._fitting(kind, name)
        if len(found) == 1:
            return found[0]
        raise self._ambiguous(kind, name, found) if found else self._unknown(kind, name)

    def _fitting(self, kind: str, name: str) -> list[Card]:
        """Every card that a name may mean: none, one, or those of several plug-ins."""
        check_kind(kind)
        if not isinstance(name, str):
            raise KzooError(f"expected the name of {_article(kind)}, got {name!r}")
        by_full_name, by_name = self._built_in(kind)
        if "/" not in name:
            own = _first_package(by_name.get(fold(name), []))
            return own or _by_name(self._added(kind)).get(fold(name), [])
        found = [card for card in by_full_name.values() if _fits_full_name(card, name)]
        found = found or _through_doors(by_full_name.values(), name)
        return found or [card for card in self._added(kind) if _fits_full_name(card, name)]

    def has(self, kind: str, name: str) -> bool:
        """Whether a name finds a card."""
        return len(self._fitting(kind, name)) == 1

    def find_foreign(self, name: str) -> list[Card]:
        """The cards that are the same thing as, say, `torch.nn.SmoothL1Loss`."""
        wanted = name.casefold()
        return [card for card in self.all_cards() if any(each.casefold() == wanted for each in card.same_as)]

    def nearest_foreign(self, name: str) -> list[str]:
        """Foreign names in the catalogue that look like `name`."""
        known = [each for card in self.all_cards() for each in card.same_as]
        last = name.rpartition(".")[2].casefold()
        same_ending = [each for each in known if each.rpartition(".")[2].casefold() == last]
        return list(dict.fromkeys(same_ending + nearest(name, known)))[:3]

    def _ambiguous(self, kind: str, name: str, found: Iterable[Card]) -> KzooError:
        full_names = " and ".join(sorted(card.full_name for card in found))
        return KzooError(
            Problem(f"{kind} '{name}' is in several plug-ins: {full_names}", hint="Write the full name.")
        )

    def _unknown(self, kind: str, name: str) -> KzooError:
        own = self.cards(kind)
        shown = {self.shown_name(card): card for card in own}
        aliases = {alias: card for card in own for alias in card.aliases}
        packages = {card.package for card in own}
        package, _, bare = name.rpartition("/")
        near = nearest(bare if package in packages else name, [*shown, *aliases])
        near = list({id(shown.get(each) or aliases[each]): each for each in reversed(near)}.values())[::-1]
        hints = [f"Did you mean {_quoted(near)}?"] if near else []
        for other in KINDS:
            if other != kind and self.has(other, name):
                hints.append(f"There is {_article(other)} '{self.shown_name(self.find(other, name))}'.")
        if package and package not in packages:
            hints.append(f"No plug-in '{package}' is installed here.")
        if not hints:
            hints.append(f"`kzoo list {kind}` shows all {len(own)}.")
        return KzooError(Problem(f"unknown {kind} '{name}'", hint=" ".join(hints)))

    # Adding -----------------------------------------------------------------------------------------------------

    def register(self, card: Card) -> Card:
        """Adds a part of a script. The same object twice is no error; another under a taken name is.

        Raises:
            KzooError: If the name is taken.
        """
        kept = self._registered[check_kind(card.kind)]
        known = kept.get(fold(card.full_name))
        if known is not None:
            if known.part is card.part:
                return known
            if not _same_cell_again(known.part, card.part):
                raise KzooError(f"{card.kind} '{card.full_name}' is another object already")
        elif card.package == "local":
            for holder in _first_package(self._built_in(card.kind)[1].get(fold(card.name), [])):
                hint = "Choose another name, or give a package: register(kind, name, package='mine')."
                raise KzooError(
                    Problem(f"{card.kind} '{card.name}' is {holder.full_name} already", hint=hint)
                )
        kept[fold(card.full_name)] = card
        return card


def check_kind(kind: str) -> str:
    """Returns the kind; raises a KzooError if there is no such kind."""
    if kind not in KINDS:
        near = nearest(str(kind), KINDS) or KINDS
        raise KzooError(Problem(f"unknown kind {kind!r}", hint=f"Did you mean {_quoted(near)}?"))
    return kind


def _by_name(cards: Iterable[Card]) -> dict[str, list[Card]]:
    table: dict[str, list[Card]] = {}
    for card in cards:
        for name in dict.fromkeys(fold(name) for name in (card.name, *card.aliases)):
            table.setdefault(name, []).append(card)
    return table


def _first_package(cards: list[Card]) -> list[Card]:
    for package in _BUILT_IN:
        chosen = [card for card in cards if card.package == package]
        if chosen:
            return chosen
    return []


def _fits_full_name(card: Card, name: str) -> bool:
    package, _, bare = name.rpartition("/")
    return card.package == package and fold(bare) in {fold(each) for each in (card.name, *card.aliases)}


def _through_doors(cards: Iterable[Card], name: str) -> list[Card]:
    """`tfds/mnist` is the part `tfds` with its argument `builder` bound to `mnist`."""
    door, _, rest = name.removeprefix("kzoo/").partition("/")
    return [
        dataclasses.replace(card, name=f"{card.name}/{rest}", bound={card.rest: rest})
        for card in cards
        if card.rest and rest and fold(card.name) == fold(door)
    ]


def _same_cell_again(old: Any, new: Any) -> bool:
    """A notebook cell that is run twice makes the same definition anew."""
    main = old.__module__ == new.__module__ == "__main__"
    return main and hasattr(sys, "ps1") and old.__qualname__ == new.__qualname__


def _quoted(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


@functools.cache
def catalogue() -> Catalogue:
    """The catalogue of this process."""
    return Catalogue(shipped.folder("registry"))
