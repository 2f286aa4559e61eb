"""Formulas of the gallery: LaTeX to MathML, and nothing else to nothing else."""

import re

import pytest

from kzoo.gallery.formula import mathml
from kzoo.registry import KINDS, catalogue

CARDS = [card for kind in KINDS for card in catalogue().cards(kind) if card.package in ("keras", "kzoo")]


def test_every_formula_can_be_read():
    formulas = [text for card in CARDS for text in (card.formula, card.derivative) if text]
    assert len(formulas) > 500
    for text in formulas:
        made = mathml(text)
        assert made is not None, text
        assert "\\" not in made and "<mrow></mrow>" not in made.replace("<msub><mrow></mrow>", ""), text


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\frac{a}{b}", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
        (r"\mathcal{L}", "<mi>ℒ</mi>"),
        (r"\mathbf{x}", "<mi>𝐱</mi>"),
        (r"\mathrm{KL}", '<mi mathvariant="normal">KL</mi>'),
        (r"a \sim b", "<mo>∼</mo>"),
        (r"= -x", '<mo>=</mo><mo form="prefix">−</mo>'),
        (r"a - x", "<mi>a</mi><mo>−</mo>"),
        (r"\text{a < b & c}", "a\xa0&lt;\xa0b\xa0&amp;\xa0c"),
        (r"\tanh x", '<mo form="prefix" lspace="0" rspace="0.167em">tanh</mo>'),
        (r"\tanh(x)", '<mo form="prefix" lspace="0" rspace="0">tanh</mo>'),
        (
            r"|x|",
            '<mo stretchy="false" form="prefix">|</mo><mi>x</mi><mo stretchy="false" form="postfix">|</mo>',
        ),
        (r"a, \quad b = 1", "</math>\n<math"),
    ],
)
def test_formulas(latex, expected):
    assert expected in mathml(latex)


@pytest.mark.parametrize(
    "latex", [r"\frac{", r"\foo x", r"\left( x", "{" * 3000, r"\def\a{aa} \a", "x" * 5000, "^"]
)
def test_what_is_no_formula_is_none(latex):
    assert mathml(latex) is None or latex == "^"


@pytest.mark.parametrize(
    "latex", [r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{a}{x}", r"\color{red} x"]
)
def test_nothing_but_mathematics_gets_through(latex):
    made = mathml(latex)
    assert made is None or re.sub(r"</?(math|mrow|mstyle|mi)( display=\"block\")?>", "", made) == "x"
