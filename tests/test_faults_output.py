"""Output that nobody reads, or that can't be written: the training goes on."""

import contextlib
import os
import sys
from pathlib import Path

import pytest

from kzoo.cli import main
from kzoo.runs import load_run


def only_run(folder):
    (path,) = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return path


@pytest.fixture
def printing_to(monkeypatch, tmp_path, capsys):
    """Calls the command line with standard output somewhere else."""

    def call(stream, *arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["kzoo", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdout", stream)
        duplicate = os.dup2
        monkeypatch.setattr(os, "dup2", lambda old, new: new == 1 or duplicate(old, new))  # 1 is pytest's own
        with pytest.raises(SystemExit) as ended:
            main()
        with contextlib.suppress(OSError):
            stream.close()
        return ended.value.code, capsys.readouterr().err

    return call


@pytest.mark.slow
def test_nobody_reads_on(printing_to, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    status, said = printing_to(os.fdopen(writing, "w"), "train", "digits_quick", "fit.epochs=2")
    assert status == 0 and "note: the output can't be written (Broken pipe); the training goes on" in said
    assert load_run(only_run(tmp_path / "runs")).finished


@pytest.mark.slow
def test_output_onto_a_full_disk(printing_to, tmp_path):
    full = Path("/dev/full").open("w")  # noqa: SIM115 - to close it fails
    status, said = printing_to(full, "train", "digits_quick", "fit.epochs=2")
    assert status == 1 and "failed: the output can't be written: No space left on device" in said
    assert load_run(only_run(tmp_path / "runs")).finished and "Traceback" not in said


def test_a_reader_that_has_gone_to_sleep_holds_nothing_up(capsys):
    from kzoo.cli.standard_streams import Heedless

    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        out = Heedless(stream)
        for _ in range(200):
            out.write("x" * 1000)
        assert out.broken is None
        read = os.read(reading, 10**6)
        out.write("awake")
        assert os.read(reading, 10**6).endswith(b"awake") and 50_000 < len(read) < 70_000
    os.close(reading)
    assert capsys.readouterr().err.count("nobody reads the output") == 1
