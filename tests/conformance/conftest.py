"""The `proof` fixture, and which tests needn't be run again.

pytest --unproved        leaves out the tests of parts that passed as they are now (see fingerprints.py)
pytest --record-proofs   runs the tests of parts that changed, and records what they measure
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from kzoo.registry import Card

from .fingerprints import fingerprint
from .measured import is_proved, keep
from .passed_files import fingerprint_of_file, has_passed, keep_files, key_of
from .prove import LEFT_OUT
from .references import REFERENCES
from .references.zoo import is_a_relative

_BACKEND = keras.backend.backend()
# On TensorFlow, what most people run, each part's numbers are looked at again by everyone.
_ALWAYS = ("test_values", "test_trajectories_in_float32")
FOLDER = Path(__file__).parent
_MEASURED: dict[str, dict[str, Any]] = {}
_FAILED: set[str] = set()
_FILES: set[Path] = set()


def _recording(config: pytest.Config) -> bool:
    return config.getoption("--record-proofs")


def _card(item: pytest.Item) -> Card | None:
    """The part that a test is of, if it is of one."""
    callspec = getattr(item, "callspec", None)
    card = callspec.params.get("card") if callspec else None
    return card if isinstance(card, Card) and card.package == "kzoo" else None


def _may_be_left_out(item: pytest.Item) -> bool:
    if item.path.name == "test_proofs.py":
        return False  # it looks at what is recorded
    if item.path.parent != FOLDER:
        return item.get_closest_marker("slow") is not None and item.path.name != "test_wheel.py"
    return _BACKEND != "tensorflow" or not item.name.startswith(_ALWAYS)


def _whole_files(config: pytest.Config) -> bool:
    """Whether nothing but what a backend never runs was left out by the command line."""
    never = LEFT_OUT.get(_BACKEND, ["", ""])[1]
    return config.option.keyword == never and not any("::" in each for each in config.args)


def _passed(card: Card | None, item: pytest.Item) -> bool:
    """Whether a test passed as it and what it tests are now."""
    if card:
        return is_proved(_BACKEND, card, item.path)
    return has_passed(_BACKEND, item.path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _BACKEND != "tensorflow":
        items[:] = [item for item in items if not ((card := _card(item)) and is_a_relative(card.name))]
    if not _recording(config) and not config.getoption("--unproved"):
        return
    if _recording(config):
        # Either all tests of this folder or the slow ones outside: a part's slow tests alone would replace its others.
        slow = config.option.markexpr == "slow"
        items[:] = [item for item in items if (item.path.parent != FOLDER) == slow]
    cards = [_card(item) for item in items]
    proved = [_passed(card, item) for card, item in zip(cards, items)]
    if _recording(config):
        # What is recorded of a part comes from all of its tests at once.
        changed = {(card.kind, card.name) for card, ok in zip(cards, proved) if card and not ok}
        kept = [
            (card.kind, card.name) in changed
            if card
            else not ok or "proof" in getattr(item, "fixturenames", ())
            for card, ok, item in zip(cards, proved, items)
        ]
        if _whole_files(config):
            _FILES.update(item.path for card, item in zip(cards, items) if not card)
    else:
        kept = [not (ok and _may_be_left_out(item)) for ok, item in zip(proved, items)]
    config.hook.pytest_deselected(items=[item for item, keeps in zip(items, kept) if not keeps])
    items[:] = [item for item, keeps in zip(items, kept) if keeps]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    card = _card(item)
    # What is skipped outside of this folder wants something that isn't here, such as a browser.
    if report.failed or (report.skipped and item.path.parent != FOLDER):
        _FAILED.add(f"{card.kind}/{card.name}" if card else key_of(item.path))
    return report


@pytest.fixture
def proof(request: pytest.FixtureRequest):
    """Call it with a card and a check's name once the check is passed, and with the errors that were measured.

    What was recorded is in registry/proofs.json; test_proofs.py sees that nothing is missing there.
    """

    def passed(card: Card, check: str, *, against: str = "", **errors: float) -> None:
        if not _recording(request.config):
            return
        entry = _entry(card)
        entry["against"] = against or REFERENCES[card.kind][card.name].against(card.name)
        entry["checks"] = sorted({*entry["checks"], check})
        for name, error in errors.items():
            entry[name] = max(entry.get(name, 0.0), float(error))

    return passed


def _entry(card: Card) -> dict[str, Any]:
    return _MEASURED.setdefault(f"{card.kind}/{card.name}", {"against": "", "checks": [], "tests": {}})


@pytest.fixture(autouse=True)
def _fingerprint(request: pytest.FixtureRequest) -> None:
    card = _card(request.node)
    if card and _recording(request.config):
        _entry(card)["tests"][request.path.name] = fingerprint(card, request.path)


# What is measured in several processes (`-n 2`) is put together where they were started. ---------------------------


def _add(measured: dict[str, dict[str, Any]]) -> None:
    for key, entry in measured.items():
        whole = _MEASURED.setdefault(key, {"against": "", "checks": [], "tests": {}})
        whole["against"] = whole["against"] or entry["against"]
        whole["checks"] = sorted({*whole["checks"], *entry["checks"]})
        whole["tests"].update(entry["tests"])
        for name, value in entry.items():
            if isinstance(value, float):
                whole[name] = max(whole.get(name, 0.0), value)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    output = getattr(node, "workeroutput", {})
    _add(output.get("measured", {}))
    _FAILED.update(output.get("failed", ()))
    _FILES.update(map(Path, output.get("files", ())))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.option.collectonly:
        return  # nothing was run
    if not _recording(session.config):
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.getoption("--unproved"):
            session.exitstatus = pytest.ExitCode.OK  # all have passed as they are
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["measured"], output["failed"] = _MEASURED, sorted(_FAILED)
        output["files"] = sorted(map(str, _FILES))
    elif exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):  # not what was cut off
        keep(_BACKEND, {key: entry for key, entry in _MEASURED.items() if key not in _FAILED})
        passed = {key_of(each): fingerprint_of_file(each) for each in _FILES if key_of(each) not in _FAILED}
        keep_files(_BACKEND, passed)
