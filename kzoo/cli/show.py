"""kzoo show NAME…"""

from __future__ import annotations

from typing import Any

import click

from kzoo.cli.options import as_json, bring_own_parts, print_json
from kzoo.problems import KzooError, Problem, nearest
from kzoo.registry import KINDS, Card, catalogue
from kzoo.registry.proofs import proof_of

_FACTS = ("range", "monotonic", "zero_centered", "smooth", "saturates")


@click.command("show")
@click.argument("names", nargs=-1, required=True)
@click.option("--kind", help="Where a name is that of several kinds of part.")
@as_json
def command(names: tuple[str, ...], kind: str | None, as_json: bool) -> None:
    """Everything about a part: what it does, its arguments, formula, facts, proof."""
    bring_own_parts()
    cards = [card for name in names for card in cards_named(name, kind)]
    if as_json:
        described = [{**card.as_json(), "proof": proof_of(card)} for card in cards]
        print_json(described[0] if len(described) == 1 else described)
        return
    click.echo("\n\n".join("\n".join(_lines(card)) for card in cards))


def cards_named(name: str, kind: str | None = None) -> list[Card]:
    """The parts of all kinds that a name finds.

    Raises:
        KzooError: If there is none; with the nearest names of all kinds.
    """
    if kind:
        return [catalogue().find(kind, name)]
    found = [catalogue().find(each, name) for each in KINDS if catalogue().has(each, name)]
    if found:
        return found
    known = {shown: each for each in KINDS for shown in catalogue().names(each)}
    near = nearest(name, known)
    hint = (
        f"Did you mean {' or '.join(f'{each} ({known[each]})' for each in near)}?"
        if near
        else "See `kzoo list`."
    )
    raise KzooError(Problem(f"no part '{name}'", hint=hint))


def _lines(card: Card) -> list[str]:
    call = "" if card.signature is None else f"({card.signature})"
    rows: list[tuple[str, Any]] = [
        ("", card.summary),
        ("call", f"{card.name}{call}" if call else ""),
        ("defined in", card.target),
        ("also called", ", ".join(card.aliases)),
        ("formula", card.formula),
        ("derivative", card.derivative),
        ("facts", "; ".join(_facts(card))),
        ("paper", card.paper),
        ("same as", ", ".join(card.same_as)),
        ("differs", card.differs),
        ("tags", ", ".join(card.tags)),
        ("in recipes", card.recipe),
        ("proof", _proof(card)),
    ]
    lines = [f"{card.full_name} ({card.kind})"]
    return lines + [
        f"  {label + ':' if label else '':<13}{text}" if label else f"  {text}"
        for label, text in rows
        if text
    ]


def _facts(card: Card) -> list[str]:
    facts = []
    for key in _FACTS:
        value = getattr(card, key)
        if key == "range" and value is not None:
            facts.append(f"range {value[0]:g} to {value[1]:g}")
        elif isinstance(value, bool):
            facts.append(key.replace("_", "-") if value else f"not {key.replace('_', '-')}")
        elif key == "saturates" and value:
            facts.append("saturates nowhere" if value == "no" else f"saturates {value}")
    return facts


def _proof(card: Card) -> str:
    proof = proof_of(card)
    if proof is None:
        return "Keras's own" if card.package == "keras" else ""
    parts = [f"compared with {proof['against']}"]
    for key, said in (("value_error", "values"), ("gradient_error", "gradients")):
        if proof.get(key) is not None:
            parts.append(f"{said} within {proof[key]:.1e}")
    return ", ".join(parts) + f"; on {', '.join(proof['backends'])}"
