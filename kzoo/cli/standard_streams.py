"""Standard output that never stops a training: nobody may read it, it may be closed, or on a full disk."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TextIO

import click


def open_all() -> None:
    """Gives the standard streams that are closed a place in nowhere: else the next file opened would be written to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdin = sys.stdin or io.TextIOWrapper(io.FileIO(0, "r", closefd=False))
    sys.stdout = sys.stdout or io.TextIOWrapper(io.FileIO(1, "w", closefd=False))
    sys.stderr = sys.stderr or io.TextIOWrapper(io.FileIO(2, "w", closefd=False))


def is_of_output(error: OSError) -> bool:
    """Whether an error is that of standard output on a full or broken disk: it names no file."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def write_nowhere() -> None:
    """Has standard output lead nowhere from now on. Python would try once more at the very end, and fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


class Heedless(io.TextIOBase):
    """Hands text on for as long as somebody takes it, and drops it otherwise.

    A pipe that is full because its reader reads no further would have a program wait for ever; a closed one ends it.

    Args:
        stream: Where the text goes.

    Attributes:
        broken: Why nothing is handed on any more, if so.
    """

    def __init__(self, stream: TextIO):
        self.stream = stream
        self.broken: OSError | None = None
        self._dropped = False

    def write(self, text: str) -> int:
        """Takes the text; it never waits and never fails."""
        if self.broken is None and self._ready():
            try:
                self.stream.write(text)
                self.stream.flush()
            except OSError as error:
                self.broken = error
                self._say(f"the output can't be written ({error.strerror})")
        return len(text)

    def flush(self) -> None:
        """There is nothing to flush."""

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.stream.encoding

    def _ready(self) -> bool:
        """Whether a write would not have to wait."""
        try:
            number = self.stream.fileno()
        except (OSError, ValueError):  # it is no file: what a notebook or a test puts there
            return True
        if self.stream.isatty() or not hasattr(select, "poll"):
            return True
        looked_at = select.poll()
        looked_at.register(number, select.POLLOUT)  # of a pipe: there is room for a line or two
        if looked_at.poll(0):
            return True
        if not self._dropped:
            self._dropped = True
            self._say("nobody reads the output")
        return False

    def _say(self, what: str) -> None:
        click.echo(
            f"note: {what}; the training goes on, and history.csv in the run folder has it all", err=True
        )
