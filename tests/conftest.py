"""What all tests share: quiet backends, a browser, the command line, and the order of their files."""

import os

import pytest
from browser import _chromium, browser  # noqa: F401 - fixtures
from command_line import command_line  # noqa: F401 - a fixture

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("PYTHONHASHSEED", "0")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What tests/conformance/conftest.py takes; pytest asks for options here only."""
    parser.addoption(
        "--record-proofs", action="store_true", help="record what is measured of parts that changed"
    )
    parser.addoption("--unproved", action="store_true", help="leave out tests of parts that are as recorded")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process ends on one while the other has nothing left to do."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
