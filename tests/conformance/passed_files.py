"""Which files of tests passed on a backend with the code as it is: passed_files.json.

It is for the tests in this folder that are of no single part.
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
    before = passed_files().get(backend, {}).get(test_file.name) if test_file.parent == FILE.parent else None
    return before is not None and before == fingerprint_of_file(test_file)


@functools.cache
def fingerprint_of_file(test_file: Path) -> str:
    """Of the tests in a file that are of no one part: what they import, and all parts, for they may use any."""
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


def keep_files(backend: str, files: dict[str, str]) -> None:
    """Writes that files passed, beside and renamed."""
    passed_files.cache_clear()
    kept = {**passed_files(), backend: {**passed_files().get(backend, {}), **files}}
    there = {each.name for each in Path(__file__).parent.glob("test_*.py")}
    kept = {each: {name: now for name, now in files.items() if name in there} for each, files in kept.items()}
    beside = FILE.with_suffix(".new")
    beside.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(FILE)
    passed_files.cache_clear()
