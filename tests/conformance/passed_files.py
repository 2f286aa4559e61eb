"""Which files of tests passed on a backend with the code as it is: passed_files.json.

It is for the tests in this folder that are of no single part, and for those outside of it that are marked slow: they
train for real or start processes.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

from .fingerprints import ROOT, sources, versions

FILE = Path(__file__).with_name("passed_files.json")
# What such tests may use by name: all parts, what makes them, and what trains with them.
_FLOORS = (
    *("activations", "build", "callbacks", "initializers", "layers", "losses", "metrics", "models"),
    *("optimizers", "schedules", "registry"),
    *("augmentations", "data", "recipe", "runs", "training"),
)


@functools.cache
def passed_files() -> dict[str, dict[str, str]]:
    """By backend and file: the fingerprint that it passed with."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def has_passed(backend: str, test_file: Path) -> bool:
    """Whether a file's tests passed on a backend, just as they and all parts are now."""
    before = passed_files().get(backend, {}).get(key_of(test_file))
    return before is not None and before == fingerprint_of_file(test_file)


def key_of(test_file: Path) -> str:
    """What a file of tests is called among those that passed: its path from here."""
    return test_file.name if test_file.parent == FILE.parent else f"../{test_file.name}"


@functools.cache
def fingerprint_of_file(test_file: Path) -> str:
    """Of the tests in a file that are of no one part: what they import, and all that they may use by name."""
    if test_file.parent != FILE.parent:
        return hashlib.sha256(_of_everything() + test_file.read_bytes()).hexdigest()[:12]
    module = ".".join(test_file.relative_to(ROOT).with_suffix("").parts)
    digest = hashlib.sha256(_of_all_parts())
    for path in sorted(sources(module)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def _of_all_parts() -> bytes:
    digest = hashlib.sha256(versions())
    package = ROOT / "kzoo"
    for path in sorted(
        [*package.glob("*.py"), *(each for floor in _FLOORS for each in (package / floor).glob("*.py"))]
    ):
        digest.update(path.name.encode() + path.read_bytes())
    for path in sorted((ROOT / "tests" / "golden").glob("*.npz")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


@functools.cache
def _of_everything() -> bytes:
    """What a user has, and what tests share: the code, the cards, the recipes."""
    digest = hashlib.sha256(versions())
    tests = FILE.parent.parent
    shared = [path for path in tests.glob("*.py") if not path.name.startswith("test_")]
    shipped = [
        *(ROOT / "kzoo").rglob("*"),
        *(ROOT / "registry").glob("*.toml"),
        *(ROOT / "recipes").glob("*.yaml"),
    ]
    for path in sorted([*shared, *shipped, ROOT / "pyproject.toml"]):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.digest()


def keep_files(backend: str, files: dict[str, str]) -> None:
    """Writes that files passed, beside and renamed."""
    passed_files.cache_clear()
    kept = {**passed_files(), backend: {**passed_files().get(backend, {}), **files}}
    there = {
        key_of(each) for folder in (FILE.parent, FILE.parent.parent) for each in folder.glob("test_*.py")
    }
    kept = {each: {name: now for name, now in files.items() if name in there} for each, files in kept.items()}
    beside = FILE.with_suffix(".new")
    beside.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(FILE)
    passed_files.cache_clear()
