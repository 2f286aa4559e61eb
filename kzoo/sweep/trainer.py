"""The other end of `kzoo.sweep.trial`: starts such a process, gives it jobs, hears what comes of them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Job = dict[str, Any]


class Trainer:
    """A process that trains one trial after the other.

    Args:
        log: The file for what it prints between trials.
    """

    def __init__(self, log: Path):
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._backend: str | None = None

    def do(self, job: Job, epoch: Callable[[int, float], bool] = lambda *_: False) -> Job:
        """Has it do a job.

        Args:
            job: What `kzoo.sweep.trial` takes.
            epoch: Called with each epoch's number and value; returns whether to stop.

        Returns:
            What came of it, by its `kind`: `done`, `pruned`, `failed`, `probed`.
        """
        process = self._started(job["backend"])
        said: Job | None = None
        assert process.stdin is not None and process.stdout is not None
        try:
            _say(process, job)
            for line in process.stdout:
                message = json.loads(line)
                if message["kind"] == "epoch":
                    _say(process, {"prune": epoch(message["epoch"], message["value"])})
                elif message["kind"] == "ended":
                    return said or _died(message["status"], Path(job["log"]))
                else:
                    said = message
        except BrokenPipeError:
            pass
        # No further jobs for this one: it was its only one, or it died.
        status = process.wait()
        self._process = None
        return said or _died(status, self.log)

    def kill(self) -> None:
        """Ends it at once; a training keeps what its last checkpoint holds."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Ends it when its job is done."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _started(self, backend: str | None) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._process.poll() is not None or self._backend != backend):
            self.close()
        if self._process is None:
            self._backend = backend
            command = [sys.executable, "-m", "kzoo.sweep.trial", str(os.getpid())]
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
            with self.log.open("ab") as log:
                # A session of its own: Ctrl-C is for the sweep alone, which then ends it.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment,
                    start_new_session=True,
                )
        return self._process


def _say(process: subprocess.Popen[bytes], message: Job) -> None:
    assert process.stdin is not None
    process.stdin.write((json.dumps(message) + "\n").encode())
    process.stdin.flush()


def _died(status: int, log: Path) -> Job:
    """What is said of a process that said nothing."""
    if status < 0:
        what = f"its process was killed by signal {-status}" + (": out of memory?" if status == -9 else "")
    else:
        what = f"its process ended with status {status}"
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.is_file() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return {"kind": "failed", "message": f"{what}{', after: ' * bool(last)}{last[:500]}"}
