"""What the tests of a part depend on, as a short text: while it is the same, they needn't be run again.

JAX compiles every operation for every shape, so that all conformance tests take it half an hour. `make proofs` runs
those of the parts whose fingerprint changed and keeps it in measured.json; `pytest --unproved` leaves the others out.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from kzoo.registry import Card

from .references import REFERENCES

ROOT = Path(__file__).resolve().parent.parent.parent
# Where numbers come from: parts, and what tests share. Cards, recipes and the like have tests that always run.
_FOLLOWED = re.compile(
    r"kzoo\.(activations|callbacks|initializers|layers|losses|metrics|models|optimizers|schedules)(\.\w+)*"
    r"|tests\.conformance\.(?!references|fingerprints|measured)\w+"
)
_PACKAGES = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib"), "torch": ("torch",)}


def fingerprint(card: Card, test_file: Path) -> str:
    """Of all tests of a part in a file: the code, what is expected, and the versions that they run with.

    Args:
        card: The part's card.
        test_file: The file of tests.
    """
    digest = hashlib.sha256(versions())
    tests = ".".join(test_file.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(sources(card.target.partition(":")[0]) | sources(tests)):
        digest.update(_content(path))
    digest.update(_expected(card.kind, card.name))
    return digest.hexdigest()[:12]


@functools.cache
def versions() -> bytes:
    """Of what computes."""
    packages = ("keras", "numpy", *_PACKAGES[keras.backend.backend()])
    return "".join(f"{each} {importlib.metadata.version(each)}\n" for each in packages).encode()


@functools.cache
def _expected(kind: str, name: str) -> bytes:
    digest = hashlib.sha256()
    reference = REFERENCES.get(kind, {}).get(name)
    for case in reference.cases(name) if reference else []:
        digest.update(json.dumps(case.arguments, sort_keys=True).encode())
        for key, value in sorted(case.arrays.items()):
            array = np.asarray(value)
            content = repr(value).encode() if array.dtype == object else array.tobytes()
            digest.update(f"{key} {array.dtype} {array.shape}".encode() + content)
    return digest.digest()


@functools.cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


@functools.cache
def sources(module: str) -> frozenset[Path]:
    """A module's file and those of all that it imports, as far as numbers come from them."""
    found: set[Path] = set()
    waiting, seen = [module], set()
    while waiting:
        name = waiting.pop()
        path = _path_of(name)
        if name in seen or path is None:
            continue
        seen.add(name)
        if path.name != "__init__.py":  # it only names what is elsewhere, and that is followed
            found.add(path)
            waiting += [each for each in _imported(name, path) if _FOLLOWED.fullmatch(each)]
    return frozenset(found)


def _path_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)


def _imported(module: str, path: Path) -> Iterator[str]:
    """The modules that a module imports; of a file of tests those at its top, which all its tests share."""
    tree = ast.parse(_content(path))
    for node in tree.body if module.startswith("tests.") else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                yield from (origin, f"{origin}.{alias.name}", *_handed_on(origin, alias.name))


def _handed_on(package: str, name: str) -> Iterator[str]:
    """Where a name that a package hands on is defined."""
    path = _path_of(package)
    if path is not None and path.name == "__init__.py":
        for node in ast.parse(_content(path)).body:
            if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
                yield node.module or ""
