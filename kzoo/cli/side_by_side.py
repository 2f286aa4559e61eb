"""Several parts of a kind in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kzoo.registry import Card
from kzoo.registry.proofs import proof_of

Row = tuple[str, Callable[[Card], str]]


def print_table(cards: Sequence[Card], width: int, colored: bool) -> None:
    """Prints parts of one kind side by side: a column a part, a row a fact that any of them has.

    Args:
        cards: Their cards.
        width: How many columns the terminal has.
        colored: Whether it shows colours.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True)
    for heading in ("", *(card.full_name for card in cards)):
        table.add_column(heading, overflow="fold")
    for label, told in _ROWS:
        texts = [told(card) for card in cards]
        if any(texts):
            table.add_row(Text(label, style="bold"), *(Text(each or "—") for each in texts))
    console = Console(width=width, no_color=not colored, force_terminal=colored, highlight=False)
    console.print(table)


def range_of(card: Card) -> str:
    """The range of an activation: `-1 to inf`."""
    return "" if card.range is None else f"{card.range[0]:g} to {card.range[1]:g}"


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _proof(card: Card) -> str:
    proof = proof_of(card)
    if proof is None:
        return "Keras's own" if card.package == "keras" else ""
    return str(proof["against"])


_ROWS: tuple[Row, ...] = (
    ("what", lambda card: card.summary),
    ("formula", lambda card: card.formula),
    ("derivative", lambda card: card.derivative),
    ("range", range_of),
    ("monotonic", lambda card: _yes_or_no(card.monotonic)),
    ("zero-centered", lambda card: _yes_or_no(card.zero_centered)),
    ("smooth", lambda card: _yes_or_no(card.smooth)),
    ("saturates", lambda card: {"no": "nowhere"}.get(card.saturates, card.saturates)),
    ("arguments", lambda card: card.signature or ""),
    ("tags", lambda card: ", ".join(card.tags)),
    ("paper", lambda card: card.paper),
    ("compared with", _proof),
)
