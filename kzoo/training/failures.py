"""What ends a training from outside: a full disk, a run folder that is gone or can't be written to any more."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kzoo.problems import Failed, Problem
from kzoo.runs import Run
from kzoo.runs.checkpoint import Checkpoints, position

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LIMIT = errno.EFBIG
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def failures_explained(run: Run) -> Iterator[None]:
    """Says of a failure to read or write a run's files what happened, what was kept, and what to do next.

    Raises:
        Failed: In place of such an error.
    """
    try:
        yield
    except OSError as error:
        problem = _problem(run, error)
        if problem is None:
            raise
        raise Failed(problem) from error


def _problem(run: Run, error: OSError) -> Problem | None:
    """What to say of an error; None if it has nothing to do with the run folder."""
    if error.filename is None and error.errno not in (*_FULL, _LIMIT):
        return None
    file = Path(os.fsdecode(error.filename or "a file"))
    if error.filename is not None and not file.absolute().is_relative_to(run.path.absolute()):
        return None
    if error.errno not in _CLOSED and not (run.path / "resolved.yaml").is_file():
        message = "the run folder is gone: it was deleted or renamed while the training went on"
        hint = "If it was renamed, go on with: kzoo train --resume NEW_NAME. Else nothing is left of it."
        return Problem(message, str(run.path), hint=hint)
    size = getattr(error, "size", 0)
    takes = f" of {_bytes(size)}" if size else ""
    if error.errno in _FULL:
        free = shutil.disk_usage(run.path).free
        message = f"the disk is full: no room for {file.name}{takes}, {_bytes(free)} are free"
        first = "Make room"
    elif error.errno == _LIMIT:
        message = f"{file.name}{takes} is bigger than a file may be here"
        first = "Raise the limit (ulimit -f)"
    elif error.errno in _CLOSED:
        message = f"the run folder can't be written to any more: {error.strerror}, at {file.name}"
        first = "Make it writable"
    else:
        message = f"{file.name} could not be written or read: {error.strerror}"
        first = "See to the disk"
    return Problem(message, str(run.path), hint=f"{_kept(run)} {first}, then: kzoo train --resume {run.path}")


def _kept(run: Run) -> str:
    """Which state there is to go on from."""
    paths = Checkpoints(run.path / "checkpoints").paths()
    epoch, step = position(paths[0]) if paths else (0, 0)
    if step:
        return f"The state in epoch {epoch + 1} after step {step} is kept."
    return f"The state after epoch {epoch} is kept." if epoch else "No epoch has ended yet."


def _bytes(count: int) -> str:
    """As people read it.

    >>> _bytes(512), _bytes(3_500_000)
    ('512 bytes', '3.5 MB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
