"""The `proof` fixture: what the tests measured is recorded, or compared with what registry/proofs.json claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import pytest

from kzoo.registry import Card
from kzoo.registry.proofs import all_proofs

from .references import REFERENCES

_MEASURED: dict[str, dict[str, Any]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-proofs", metavar="FILE", help="write what is measured to FILE; see prove.py")


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--record-proofs", default=None)
    if path:
        Path(path).write_text(json.dumps(_MEASURED), encoding="utf-8")


@pytest.fixture
def proof(request: pytest.FixtureRequest):
    """Call it with a card and a check's name once the check is passed, and with the errors that were measured."""
    recording = request.config.getoption("--record-proofs", default=None)

    def passed(card: Card, check: str, *, against: str = "", **errors: float) -> None:
        key = f"{card.kind}/{card.name}"
        if recording:
            _record(key, check, against or _against(card), errors)
        else:
            _compare(key, check)

    return passed


def _against(card: Card) -> str:
    return REFERENCES[card.kind][card.name].against(card.name)


def _record(key: str, check: str, against: str, errors: dict[str, float]) -> None:
    entry = _MEASURED.setdefault(
        key, {"against": against, "checks": [], "backends": [keras.backend.backend()]}
    )
    if check not in entry["checks"]:
        entry["checks"].append(check)
    for name, error in errors.items():
        entry[name] = max(entry.get(name, 0.0), error)


def _compare(key: str, check: str) -> None:
    claimed = all_proofs().get(key)
    assert claimed, f"{key} has no proof: run make proofs"
    backend = keras.backend.backend()
    claims = {name: where for name, _, where in (each.partition(" (") for each in claimed["checks"])}
    assert backend in claimed["backends"], f"the proof of {key} doesn't claim {backend}: run it again"
    assert check in claims, f"the proof of {key} doesn't claim {check}: run it again"
    assert not claims[check] or backend in claims[check], (
        f"{key} doesn't claim {check} on {backend}: run it again"
    )
