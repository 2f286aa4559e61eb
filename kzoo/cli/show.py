"""kzoo show NAME…"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from kzoo.cli.options import as_json, bring_own_parts, print_json, quiet_backends
from kzoo.cli.panels import Panel, panels_of
from kzoo.cli.side_by_side import print_table, range_of
from kzoo.cli.svg_plot import write_svg
from kzoo.cli.terminal_plot import print_panels
from kzoo.problems import KzooError, Problem, nearest
from kzoo.registry import KINDS, Card, catalogue
from kzoo.registry.proofs import proof_of
from kzoo.registry.sizes import size_of, told

_FACTS = ("range", "monotonic", "zero_centered", "smooth", "saturates")


@click.command("show")
@click.argument("names", nargs=-1, required=True)
@click.option("--kind", help="Where a name is that of several kinds of part.")
@click.option("--tree", is_flag=True, help="The layers of a model, as a tree; this builds it.")
@click.option("--svg", type=click.Path(path_type=Path), help="Write the curves into this file too.")
@as_json
def command(names: tuple[str, ...], kind: str | None, tree: bool, svg: Path | None, as_json: bool) -> None:
    """Everything about a part: what it does, its arguments, formula, facts, proof, curve.

    Several activations, or several schedules, are shown side by side.
    """
    bring_own_parts()
    if tree:
        _print_trees(names)
        return
    alike = _alike(names, kind)
    found = [[card] for card in alike] or [cards_named(name, kind) for name in names]
    cards = list(dict.fromkeys(card for each in found for card in each))
    written = write_svg(_panels_of_all(names, found), svg) if svg else ""
    if as_json:
        described = [{**card.as_json(), "proof": proof_of(card), **(size_of(card) or {})} for card in cards]
        print_json(described[0] if len(described) == 1 else described)
        return
    width, colored = shutil.get_terminal_size().columns, sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if len(alike) > 1:
        print_table(cards, width, colored)
        print_panels(panels_of(cards), width, colored)
    else:
        for number, card in enumerate(cards):
            click.echo(("\n" if number else "") + "\n".join(_lines(card)))
            print_panels(panels_of([card]), width, colored)
    if written:
        click.echo(f"\n{written}")


def _print_trees(names: Sequence[str]) -> None:
    from rich.console import Console

    from kzoo.api import create_model
    from kzoo.cli.tree import tree_of

    for name in names:
        catalogue().find("model", name)  # an unknown name is told at once
        with quiet_backends():
            model = create_model(name)
        Console(highlight=False).print(tree_of(model))


def _alike(names: Sequence[str], kind: str | None) -> list[Card]:
    """The cards to lay side by side: several names, all of them activations or all of them schedules."""
    for each in ("activation", "schedule"):
        if kind in (None, each) and len(names) > 1 and all(catalogue().has(each, name) for name in names):
            return [catalogue().find(each, name) for name in names]
    return []


def _panels_of_all(names: Sequence[str], found: Sequence[Sequence[Card]]) -> list[Panel]:
    """What there is to draw.

    Raises:
        KzooError: With every name that has no curve.
    """
    hint = "Curves are there of activations of single numbers, and of schedules."
    without = [name for name, cards in zip(names, found) if not panels_of(cards)]
    if without:
        raise KzooError(Problem(f"nothing to draw of '{name}'", hint=hint) for name in without)
    return panels_of([card for cards in found for card in cards])


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
        ("size", _size(card)),
        ("stages", _stages(card)),
        ("weights", _weights(card)),
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
            facts.append(f"range {range_of(card)}")
        elif isinstance(value, bool):
            facts.append(key.replace("_", "-") if value else f"not {key.replace('_', '-')}")
        elif key == "saturates" and value:
            facts.append("saturates nowhere" if value == "no" else f"saturates {value}")
    return facts


def _size(card: Card) -> str:
    size = size_of(card)
    if size is None:
        return ""
    shape = "×".join(map(str, size["input_shape"]))
    products = told(size["multiply_adds"])
    return f"{size['parameters']:,} parameters, {products} multiply-adds for a picture of {shape}"


def _stages(card: Card) -> str:
    size = size_of(card)
    return ", ".join(f"{channels} at 1/{smaller}" for channels, smaller in size["stages"]) if size else ""


def _weights(card: Card) -> str:
    """Where learned weights come from, for models of timm: its names, its files."""
    names = [each.removeprefix("timm.") for each in card.same_as if each.startswith("timm.")]
    if card.kind != "model" or not names:
        return ""
    return f'weights="timm/{names[0]}.TAG", or a .safetensors file with timm\'s names'


def _proof(card: Card) -> str:
    proof = proof_of(card)
    if proof is None:
        return "Keras's own" if card.package == "keras" else ""
    parts = [f"compared with {proof['against']}"]
    for key, said in (("value_error", "values"), ("gradient_error", "gradients")):
        if proof.get(key) is not None:
            parts.append(f"{said} within {proof[key]:.1e}")
    return ", ".join(parts) + f"; on {', '.join(proof['backends'])}"
