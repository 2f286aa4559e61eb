"""Finding plug-ins without importing any.

An installed distribution declares itself with an entry point in the group `kzoo.plugins`; its name is the plug-in's,
its value a package that holds `kzoo.toml`.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import re
from pathlib import Path

import tomli

from kzoo.problems import KzooError
from kzoo.registry.card import Card, card_from_table
from kzoo.registry.kinds import KINDS

GROUP = "kzoo.plugins"


@dataclasses.dataclass(frozen=True)
class Plugin:
    """One installed plug-in.

    Args:
        name: The `package` in `package/name`.
        distribution: The distribution that brings it, with its version.
        cards: What it brings; nothing where it is broken.
        broken: Why it was set aside, or "".
    """

    name: str
    distribution: str
    cards: tuple[Card, ...] = ()
    broken: str = ""


def installed_plugins() -> list[Plugin]:
    """All installed plug-ins, the broken ones too, by name."""
    entries = importlib.metadata.entry_points(group=GROUP)
    return [_read(entry) for entry in sorted(entries, key=lambda entry: entry.name)]


def _read(entry: importlib.metadata.EntryPoint) -> Plugin:
    found = entry.dist
    distribution = f"{found.name} {found.version}" if found else ""
    try:
        text = _card_file(entry.value).read_text(encoding="utf-8")
        cards = cards_from_text(text, entry.name)
    except (KzooError, OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        return Plugin(entry.name, distribution, broken=str(error))
    return Plugin(entry.name, distribution, tuple(cards))


def _card_file(module: str) -> Path:
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)  # of a top-level name: looks for the folder, imports nothing
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, *rest, "kzoo.toml")
        if path.is_file():
            return path
    raise KzooError(f"expected a file kzoo.toml in the package '{module}', found none")


def cards_from_text(text: str, package: str) -> list[Card]:
    """The cards of a plug-in's `kzoo.toml`: tables `[loss.my_loss]`, and `requires = "kzoo>=0.1"` if wanted.

    Raises:
        KzooError: If a kind or key is unknown, or this kzoo isn't the one that is required.
    """
    tables = tomli.loads(text)
    _check_version(tables.pop("requires", ""))
    cards = []
    for kind, parts in tables.items():
        if kind not in KINDS or not isinstance(parts, dict):
            raise KzooError(f"expected tables [KIND.NAME], KIND one of {', '.join(KINDS)}; got [{kind}]")
        for name, table in parts.items():
            if not isinstance(table, dict):
                raise KzooError(f"expected a table [{kind}.{name}], got {table!r}")
            cards.append(card_from_table(kind, name, table, package))
    return cards


def _check_version(requires: object) -> None:
    if not requires:
        return
    from kzoo import __version__

    match = re.fullmatch(r"kzoo\s*(>=|==|<=|<|>|~=)\s*([\d.]+)", str(requires).strip())
    if not match:
        raise KzooError(f'requires is to look like "kzoo>=0.1", got {requires!r}')
    sign, wanted = match.groups()
    ours, theirs = _numbers(__version__), _numbers(wanted)
    holds = {
        ">=": ours >= theirs,
        "==": ours == theirs,
        "<=": ours <= theirs,
        "<": ours < theirs,
        ">": ours > theirs,
        "~=": ours >= theirs and ours[:-1][: len(theirs) - 1] == theirs[:-1],
    }
    if not holds[sign]:
        raise KzooError(f"it requires {requires}, this is kzoo {__version__}")


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))
