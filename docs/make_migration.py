"""Writes docs/migration.md from the cards: what each part of another library is called here, and what differs.

python docs/make_migration.py           writes the page
python docs/make_migration.py --check   status 1 if the page is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from kzoo.registry import KINDS, Card, catalogue

PAGE = Path(__file__).resolve().parent / "migration.md"
# What a page's section is about, and how the dotted names begin that it lists.
LIBRARIES = {
    "TensorFlow Addons": ("tfa.",),
    "PyTorch": ("torch.", "torchvision.", "torchmetrics."),
    "timm": ("timm.",),
    "Other libraries": ("",),
}
_INTRODUCTION = """\
# From TensorFlow Addons, PyTorch and timm

What each part is called here, and what changes for somebody who comes from there. `make migration` writes this page
from the cards; `kzoo find NAME` looks a single name up, `kzoo show NAME` says everything about what it finds. After
`import kzoo` each name works as a string in plain Keras and in recipes; layers and models are built by theirs.
"""


def rows() -> list[tuple[str, Card]]:
    """Every name elsewhere with the card that is its twin, by name."""
    return sorted(
        ((name, card) for kind in KINDS for card in catalogue().cards(kind) for name in card.same_as),
        key=lambda row: (row[0].casefold(), row[1].kind),
    )


def page() -> str:
    """The whole page."""
    text, left = [_INTRODUCTION], rows()
    for library, prefixes in LIBRARIES.items():
        mine = [row for row in left if row[0].startswith(prefixes)]
        left = [row for row in left if row not in mine]
        text.append(f"\n## {library}\n\n| there | here | what changes |\n| --- | --- | --- |\n")
        text.extend(_row(name, card) for name, card in mine)
    return "".join(text)


def _row(name: str, card: Card) -> str:
    whose = "Keras's" if card.package == "keras" else "ours"
    bare = catalogue().find(card.kind, card.name) is card
    differs = " ".join(card.differs.split()).replace("|", "\\|") or "–"
    return f"| `{name}` | `{card.name if bare else card.full_name}`, {card.kind}, {whose} | {differs} |\n"


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
