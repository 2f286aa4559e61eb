"""Writes into every card what its part can be called with, so that a recipe is checked without importing Keras.

python tests/signatures.py            writes the `signature` lines of registry/*.toml
python tests/signatures.py --check    says which are out of date, status 1 if any
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import tomli

REGISTRY = Path(__file__).resolve().parent.parent / "registry"
# What Keras passes by itself when it calls a function of the kind.
_PASSED = {"activation": 1, "loss": 2, "metric": 2, "regularizer": 1, "constraint": 1}


def load(target: str) -> Any:
    """The object that `module:attribute` names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def signature_text(kind: str, part: Any, arguments: dict[str, Any] | None = None) -> str:
    """The arguments of a part as a card holds them.

    Args:
        kind: The part's kind.
        part: A class or a function.
        arguments: Those that the card's name stands for: they are its defaults.

    Returns:
        Python source such as `beta: float = 1.0, name='smooth_l1', **kwargs`. Defaults that aren't literals are None.
    """
    if inspect.isclass(part):
        parameters = list(inspect.signature(part.__init__).parameters.values())[1:]
    else:
        parameters = list(inspect.signature(part).parameters.values())[_PASSED.get(kind, 0) :]
    given = arguments or {}
    parameters = [each.replace(default=given.get(each.name, each.default)) for each in parameters]
    texts = []
    for each in parameters:
        if each.kind is each.VAR_KEYWORD:
            texts.append(f"**{each.name}")
        elif each.kind is not each.VAR_POSITIONAL:
            if each.kind is each.KEYWORD_ONLY and "*" not in texts:
                texts.append("*")
            texts.append(_parameter(each))
    text = ", ".join(texts)
    ast.parse(f"def part({text}): pass")
    return text


def _parameter(parameter: inspect.Parameter) -> str:
    text = parameter.name
    if parameter.annotation is not parameter.empty:
        annotation = parameter.annotation
        text += f": {annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)}"
    if parameter.default is not parameter.empty:
        equals = " = " if ":" in text else "="
        text += equals + _literal(parameter.default)
    return text


def _literal(default: Any) -> str:
    try:
        ast.literal_eval(repr(default))
    except (ValueError, SyntaxError):
        return "None"
    return repr(default)


def with_signatures(kind: str, text: str) -> str:
    """The text of a registry file with the signature of every card in place."""
    tables = tomli.loads(text)
    pieces = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    for index, piece in enumerate(pieces):
        heading = re.match(r"\[(?:\"(.+?)\"|(.+?))\]\s*$", piece, flags=re.MULTILINE)
        if heading:
            table = tables[heading[1] or heading[2]]
            text = signature_text(kind, load(table["target"]), table.get("arguments"))
            pieces[index] = _with_signature(piece, text)
    return "".join(pieces)


def _with_signature(card: str, signature: str) -> str:
    """A card's text with this signature below its target, its keys aligned."""
    lines = [line for line in card.split("\n") if not re.match(r"signature\s*=", line)]
    at = next(index for index, line in enumerate(lines) if re.match(r"target\s*=", line))
    lines.insert(at + 1, f"signature = {json.dumps(signature, ensure_ascii=False)}")
    keys = [_key(line) for line in lines]
    width = max(len(key) for key in keys if key)
    return "\n".join(
        f"{key:<{width}} = {line.partition('=')[2].lstrip()}" if key else line
        for key, line in zip(keys, lines)
    )


def _key(line: str) -> str:
    match = re.match(r"([a-z_]+)\s*= ", line)
    return match[1] if match else ""


def main(arguments: list[str]) -> int:
    stale = []
    for path in sorted(REGISTRY.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        wanted = with_signatures(path.stem, text)
        if wanted != text:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(wanted, encoding="utf-8")
    verb = "out of date" if "--check" in arguments else "written"
    print(f"{', '.join(stale)}: {verb}" if stale else "all signatures are up to date")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.path.insert(0, str(REGISTRY.parent))
    sys.exit(main(sys.argv[1:]))
