"""Measures every own part on every backend and writes registry/proofs.json: `make proofs`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
BACKENDS = ("tensorflow", "jax", "torch")


def measured_on(backend: str, file: Path) -> dict[str, Any]:
    """What the conformance tests measure on a backend.

    Raises:
        SystemExit: If a test fails: what fails isn't recorded.
    """
    command = [sys.executable, "-m", "pytest", "tests/conformance", f"--record-proofs={file}"]
    finished = subprocess.run(command, cwd=ROOT, env={**os.environ, "KERAS_BACKEND": backend}, check=False)
    if finished.returncode:
        raise SystemExit(f"tests failed on {backend}; registry/proofs.json is as it was")
    return json.loads(file.read_text(encoding="utf-8"))


def merged(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """The proofs of several backends as one.

    Returns:
        By part the largest errors, rounded; all backends; all checks, those that not every backend passed with the
        backends that did: `xla (jax, tensorflow)`.
    """
    proofs: dict[str, dict[str, Any]] = {}
    passed: dict[str, dict[str, list[str]]] = {}
    for one in measured:
        for key, entry in one.items():
            whole = proofs.setdefault(key, {"against": entry["against"], "backends": []})
            (backend,) = entry["backends"]
            whole["backends"] = sorted([*whole["backends"], backend])
            for check in entry["checks"]:
                passed.setdefault(key, {}).setdefault(check, []).append(backend)
            for name, value in entry.items():
                if isinstance(value, float):
                    whole[name] = max(whole.get(name, 0.0), float(f"{value:.1e}"))
    for key, whole in proofs.items():
        whole["checks"] = [
            check if len(where) == len(whole["backends"]) else f"{check} ({', '.join(sorted(where))})"
            for check, where in sorted(passed[key].items())
        ]
    return proofs


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measured = [measured_on(backend, Path(folder, f"{backend}.json")) for backend in BACKENDS]
    text = json.dumps(merged(measured), indent=1, sort_keys=True, ensure_ascii=False)
    (ROOT / "registry" / "proofs.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
