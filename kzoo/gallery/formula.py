"""LaTeX to MathML that is safe to put into a page, whoever wrote the LaTeX.

latex2mathml reads the LaTeX into a tree; its own way of writing that tree undoes the escaping and lets `\\href` and
`\\style` through. Here the tree is written with the tags and attributes of MathML Core alone, everything else escaped,
and with what browsers leave to the page: letters of other alphabets, and the spaces around the names of functions.
"""

from __future__ import annotations

import html
import re
import unicodedata
from xml.etree.ElementTree import Element, SubElement

from markupsafe import Markup, escape

_TAGS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
    "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
}  # fmt: skip
_ATTRIBUTES = {
    "display", "stretchy", "fence", "separator", "form", "lspace", "rspace", "minsize", "maxsize", "movablelimits",
    "largeop", "accent", "accentunder", "linethickness", "displaystyle", "scriptlevel", "width", "height", "depth",
    "voffset",
}  # fmt: skip
_VALUE = re.compile(r"[\w.+-]{1,20}%?")
# What defines commands could double a formula with every line; a card has no need of it.
_DEFINES = re.compile(r"\\(newcommand|renewcommand|def|let|DeclareMathOperator|newenvironment)(?![a-zA-Z])")
_LONGEST, _DEEPEST = 4000, 60
_ALPHABETS = {
    "bold": "MATHEMATICAL BOLD",
    "script": "MATHEMATICAL SCRIPT",
    "double-struck": "MATHEMATICAL DOUBLE-STRUCK",
}
_SIGNS = {"~": ("mo", "∼"), "′": ("mo", "′"), r"\arg": ("mi", "arg")}
_THIN = "0.167em"


def mathml(latex: str) -> Markup | None:
    """A formula for a page.

    Args:
        latex: The formula, as in a card.

    Returns:
        A `<math>` element; None where the LaTeX can't be read.

    >>> print(mathml("x^2"))
    <math display="block"><msup><mi>x</mi><mn>2</mn></msup></math>
    """
    from latex2mathml.converter import convert_to_element

    if len(latex) > _LONGEST or _DEFINES.search(latex):
        return None
    try:
        tree = convert_to_element(latex, display="block")
        for prepare in (_put_right, _merge_letters, _space_functions, _pair_bars, _mark_signs):
            prepare(tree)
        return Markup("\n".join(_written(line, 0) for line in _lines(tree)))
    except (
        Exception
    ):  # its own errors have nothing in common, and wrong LaTeX raises IndexError, TypeError … as well
        return None


def _lines(math: Element) -> list[Element]:
    """A formula a line: what \\quad sets off, mostly definitions, would run out of the page."""
    (row,) = math
    lines: list[list[Element]] = [[]]
    for child in row:
        if child.tag == "mspace" and child.get("width") in ("1em", "2em"):
            lines.append([])
        else:
            lines[-1].append(child)
    made = []
    for children in filter(None, lines):
        line = Element("math", display="block")
        SubElement(line, "mrow").extend(children)
        made.append(line)
    return made


def _written(element: Element, depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    tag = element.tag if element.tag in _TAGS else "mrow"
    if tag == "mrow" and len(element) == 1:
        return _written(element[0], depth + 1)
    given = {key: element.attrib[key] for key in element.attrib if key in _ATTRIBUTES}
    kept = {key: value for key, value in given.items() if _VALUE.fullmatch(value)}
    variant = element.get("mathvariant", "")
    if tag == "mi" and variant == "normal":
        kept["mathvariant"] = "normal"
    if tag == "mtd" and element.get("columnalign") in ("left", "right"):
        kept["class"] = element.attrib["columnalign"]
    text = _in_alphabet(_text(element), variant)
    inside = str(escape(text)) + "".join(_written(child, depth + 1) for child in element)
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in kept.items())
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _in_alphabet(text: str, variant: str) -> str:
    """A letter in bold, script or double-struck, which browsers draw only where it is a letter of its own."""
    if variant not in _ALPHABETS or len(text) != 1 or not text.isascii() or not text.isalnum():
        return text
    if text.isdigit():
        what = "DIGIT " + unicodedata.name(text).removeprefix("DIGIT ")
    else:
        what = f"{'CAPITAL' if text.isupper() else 'SMALL'} {text.upper()}"
    for alphabet in (_ALPHABETS[variant], _ALPHABETS[variant].removeprefix("MATHEMATICAL ")):
        try:
            return unicodedata.lookup(f"{alphabet} {what}")
        except KeyError:
            continue
    return text


def _put_right(tree: Element) -> None:
    """Signs that latex2mathml takes for letters or doesn't know; stops at commands that nobody knows."""
    for element in tree.iter():
        element.tag, element.text = _SIGNS.get(_text(element), (element.tag, element.text))
        if "\\" in (element.text or ""):
            raise ValueError(f"unknown command {element.text}")


def _merge_letters(element: Element) -> None:
    """`\\mathrm{KL}` is one word, not two letters."""
    last: Element | None = None
    for child in list(element):
        upright = child.tag == "mi" and child.get("mathvariant") == "normal" and len(child) == 0
        if upright and last is not None and element.tag in ("mrow", "mtd", "mstyle"):
            last.text = (last.text or "") + (child.text or "")
            element.remove(child)
            continue
        last = child if upright else None
        _merge_letters(child)


def _space_functions(element: Element) -> None:
    """A thin space between the name of a function and what it is taken of, unless that stands in brackets."""
    children = list(element)
    for at, child in enumerate(children):
        name = _name_of_function(child)
        if name is not None and element.tag in ("mrow", "mtd", "mstyle", "math"):
            behind = children[at + 1] if at + 1 < len(children) else None
            before = children[at - 1] if at else None
            if name.tag == "mi" and name is child:
                name.tag = "mo"
                name.set("form", "prefix")
            name.set("lspace", _THIN if before is not None and before.tag != "mo" else "0")
            name.set("rspace", "0" if behind is None or _opens(behind) else _THIN)
        _space_functions(child)


def _name_of_function(element: Element) -> Element | None:
    """The name in `max`, `max_i` or `tanh^2`, None of all else."""
    core = _core(element)
    text = _text(core).replace("\u2009", "")
    is_name = core.tag in ("mo", "mi") and len(text) > 1 and text.isalpha() and text.isascii()
    upright = core.get("mathvariant") is None
    return core if is_name and upright else None


def _pair_bars(element: Element) -> None:
    """Says which of the bars around something is the left one, for they look the same."""
    for sign in ("|", "‖"):
        bars = [each for each in map(_core, element) if each.tag == "mo" and _text(each) == sign]
        if len(bars) % 2 == 0:
            for at, bar in enumerate(bars):
                bar.set("form", "postfix" if at % 2 else "prefix")
    for child in element:
        _pair_bars(child)


def _mark_signs(element: Element) -> None:
    """A minus or plus behind a bracket, a comma or another sign belongs to what follows."""
    before: Element | None = None
    for child in element:
        if child.tag == "mo" and _text(child) in ("-", "−", "+", "±") and _leads(before):
            child.set("form", "prefix")
        _mark_signs(child)
        before = child


def _leads(before: Element | None) -> bool:
    if before is None:
        return True
    core = _core(before)
    closes = core.get("form") == "postfix" or _text(core) in (")", "]", "}", "!", "…", "")
    return core.tag == "mo" and not closes


def _core(element: Element) -> Element:
    """What an index or exponent is put to."""
    while element.tag in ("munder", "msub", "msup", "msubsup", "munderover", "mover") and len(element):
        element = element[0]
    return element


def _text(element: Element) -> str:
    return html.unescape(element.text or "")


def _opens(element: Element) -> bool:
    while element.tag == "mrow" and len(element):
        element = element[0]
    return element.tag == "mo" and _text(element) in ("(", "[", "{", "|", "‖")
