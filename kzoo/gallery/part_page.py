"""What the page of a part says."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from markupsafe import Markup

from kzoo.gallery.formula import mathml
from kzoo.gallery.headings import BACKENDS
from kzoo.gallery.lines import keras_line, python_line, recipe_line
from kzoo.gallery.plot import Plot, plot_of
from kzoo.recipe.fields import FILLED
from kzoo.registry import Card, catalogue
from kzoo.registry.kinds import common_arguments, kind_of_argument
from kzoo.registry.proofs import proof_of
from kzoo.registry.signature import Parameter
from kzoo.registry.sizes import size_of, told

IN_RECIPE, IN_PYTHON, IN_KERAS = "In a recipe", "In Python", "By name in Keras"
_ARXIV = re.compile(r"\barXiv:(\d{4}\.\d{4,5}|[a-z-]+/\d{7})\b")
_DOI = re.compile(r"\bdoi:(10\.\d{4,9}/[\w.()/:;-]+\w)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Line:
    """Something to copy: what it is, its text, and a sentence to go with it."""

    label: str
    text: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Argument:
    """A row of the table of arguments; `kind` is that of the parts it holds, `note` that in words."""

    name: str
    default: str
    type: str
    kind: str
    note: str


@dataclasses.dataclass(frozen=True)
class PartPage:
    """All that the page of a part says.

    Args:
        card: Its card.
        name: The shortest name that finds it.
        formula: The formula as MathML; None where there is none or it can't be read.
        derivative: The derivative, likewise.
        plot: What it looks like.
        lines: What there is to copy.
        not_in_recipes: Why a recipe can't name it, or "".
        facts: Label and value of what an activation is chosen by.
        arguments: What it takes; None where nothing is known.
        common: Arguments that all parts of its kind take.
        proof: What was measured, by label.
        checks: What else was tried.
        size: What was counted of a model, by label.
        paper: Pieces of the line on the paper: text, and a link or "".
    """

    card: Card
    name: str
    formula: Markup | None
    derivative: Markup | None
    plot: Plot | None
    lines: list[Line]
    not_in_recipes: str
    facts: list[tuple[str, str]]
    arguments: list[Argument] | None
    common: tuple[str, ...]
    proof: list[tuple[str, str]]
    checks: list[str]
    size: list[tuple[str, str]]
    paper: list[tuple[str, str]]


def part_page(card: Card) -> PartPage:
    """The page of a card."""
    name = catalogue().shown_name(card)
    signature = card.parameters()
    proof = proof_of(card) or {}
    lines = _lines(card, name)
    return PartPage(
        card=card,
        name=name,
        formula=mathml(card.formula) if card.formula else None,
        derivative=mathml(card.derivative) if card.derivative else None,
        plot=plot_of(card),
        lines=lines,
        facts=_facts(card),
        not_in_recipes=card.refuses_recipes()
        or ("" if lines[0].label == IN_RECIPE else "it takes objects of Python"),
        arguments=None
        if signature is None
        else [_argument(card, each) for each in signature.parameters.values() if each.name != "name"],
        common=common_arguments(card.kind, signature.open) if signature else (),
        proof=_proof(proof),
        checks=[_told_backends(each) for each in proof.get("checks", ())],
        size=_size(card),
        paper=_linked(card.paper),
    )


def _lines(card: Card, name: str) -> list[Line]:
    lines = []
    text, unknown = recipe_line(card, name)
    if text:
        lines.append(Line(IN_RECIPE, text, _own_values(unknown)))
    text, unknown = python_line(card, name)
    lines.append(Line(IN_PYTHON, text, _own_values(unknown) or "After import keras, kzoo."))
    text = keras_line(card, name)
    if text:
        lines.append(Line(IN_KERAS, text, "Once kzoo is imported, Keras takes the name as a string."))
    return lines


def _own_values(names: list[str]) -> str:
    return f"{', '.join(names)}: of yours." if names else ""


def _facts(card: Card) -> list[tuple[str, str]]:
    def yes(value: bool | None) -> str:
        return "" if value is None else "yes" if value else "no"

    ends = "" if card.range is None else " to ".join(f"{end:.6g}".replace("inf", "∞") for end in card.range)
    facts = [
        ("Range", ends.replace("-", "−")),
        ("Monotonic", yes(card.monotonic)),
        ("Zero-centred", yes(card.zero_centered)),
        ("Smooth", yes(card.smooth)),
        ("Saturates", {"no": "nowhere"}.get(card.saturates, card.saturates)),
        ("Works on", ", ".join(BACKENDS.get(each, each) for each in card.backends)),
    ]
    return [(label, value) for label, value in facts if value]


def _argument(card: Card, parameter: Parameter) -> Argument:
    default = "" if parameter.required else repr(parameter.default)
    kind = kind_of_argument(parameter.name, card.kind) or ""
    known = parameter.name in FILLED or parameter.name in card.fills
    note = "a recipe fills it in" if known and card.kind != "dataset" else ""
    return Argument(parameter.name, default, parameter.annotation, kind, note or _a(kind))


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}" if kind else ""


def _proof(proof: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("Compared with", str(proof.get("against", "")))]
    for key, label in (("value_error", "Values within"), ("gradient_error", "Gradients within")):
        if proof.get(key) is not None:
            rows.append((label, f"{proof[key]:.1e}"))
    rows.append(("On", ", ".join(BACKENDS.get(each, each) for each in proof.get("backends", ()))))
    return [(label, value) for label, value in rows if value]


def _told_backends(check: str) -> str:
    """`xla (jax, tensorflow)` as people write it."""
    for key, name in BACKENDS.items():
        check = re.sub(rf"\b{key}\b", name, check)
    return check.replace("_", " ")


def _size(card: Card) -> list[tuple[str, str]]:
    size = size_of(card)
    if size is None:
        return []
    shape = "×".join(map(str, size["input_shape"]))
    stages = ", ".join(f"{channels} at 1/{smaller}" for channels, smaller in size["stages"])
    rows = [
        ("Parameters", f"{size['parameters']:,}"),
        ("Multiply-adds", f"{told(size['multiply_adds'])} for a picture of {shape}"),
        ("Stages", stages),
    ]
    names = [each.removeprefix("timm.") for each in card.same_as if each.startswith("timm.")]
    if names:
        weights = f'weights="timm/{names[0]}.TAG", or a .safetensors file with timm\'s names'
        rows.append(("Learned weights", weights))
    return [(label, value) for label, value in rows if value]


def _linked(paper: str) -> list[tuple[str, str]]:
    """The pieces of a line on a paper: text and, for numbers of arXiv and DOIs, where they lead."""
    pieces: list[tuple[str, str]] = []
    at = 0
    found = [(match, "https://arxiv.org/abs/") for match in _ARXIV.finditer(paper)]
    found += [(match, "https://doi.org/") for match in _DOI.finditer(paper)]
    for match, where in sorted(found, key=lambda pair: pair[0].start()):
        pieces += [(paper[at : match.start()], ""), (match[0], where + match[1])]
        at = match.end()
    return [piece for piece in [*pieces, (paper[at:], "")] if piece[0]]
