"""Measures every own part that changed, on every backend, and writes registry/proofs.json: `make proofs`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from kzoo.registry import KINDS, catalogue  # noqa: E402
from tests.conformance.measured import measured, merged, write  # noqa: E402

BACKENDS = ("tensorflow", "jax", "torch")
# JAX compiles every operation for every shape: these would take it half an hour.
LEFT_OUT = {"jax": ["-k", "not extremes and not half_precision and not float64", "-m", "not slow"]}
# Where the tests outside of this folder that are marked slow run, too.
ALSO = {"tensorflow": [["tests/conformance", "tests", "-m", "slow"]]}  # the first: its conftest.py records
_NOTHING_CHANGED = 5  # pytest's status when there was no test to run


def main() -> None:
    for backend in BACKENDS:
        for tests in (["tests/conformance", *LEFT_OUT.get(backend, [])], *ALSO.get(backend, [])):
            command = [
                sys.executable,
                "-m",
                "pytest",
                *tests,
                "--record-proofs",
                "-n",
                "2",
                "--dist",
                "loadfile",
            ]
            environment = {**os.environ, "KERAS_BACKEND": backend}
            finished = subprocess.run(command, cwd=ROOT, env=environment, check=False)
            if finished.returncode not in (0, _NOTHING_CHANGED):
                raise SystemExit(f"tests failed on {backend}; registry/proofs.json is as it was")
    write({backend: _of_today(parts) for backend, parts in measured().items()})
    text = json.dumps(merged(measured()), indent=1, sort_keys=True, ensure_ascii=False)
    (ROOT / "registry" / "proofs.json").write_text(text + "\n", encoding="utf-8")


def _of_today(parts: dict[str, Any]) -> dict[str, Any]:
    """Without the parts that are no more."""
    names = {
        f"{card.kind}/{card.name}"
        for kind in KINDS
        for card in catalogue().cards(kind)
        if card.package == "kzoo"
    }
    return {key: entry for key, entry in parts.items() if key in names}


if __name__ == "__main__":
    main()
