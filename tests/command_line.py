"""The command line, called in the tests' own process.

`command_line` is a fixture (tests/conftest.py brings it to all tests).
"""

import sys

import pytest


@pytest.fixture
def command_line(capsys, monkeypatch, tmp_path):
    """Calls `kzoo` in a folder of its own: the status, what was printed, what was said. It never says a traceback."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        from kzoo.cli import main

        monkeypatch.setattr(sys, "argv", ["kzoo", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return ended.value.code, printed.out, printed.err

    return call
