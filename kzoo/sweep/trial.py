"""The process that trains the trials of one worker: `python -m kzoo.sweep.trial`, started by a sweep.

It imports Keras once and then trains each trial in a fork of its own, which begins in the same state as a new process
and leaves nothing behind, whatever becomes of it. Where forking is not safe (a GPU, a backend with threads, another
system than Linux) it trains one and ends; the sweep starts another. What comes and goes are lines of JSON.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from kzoo.problems import KzooError

_GPUS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def main() -> None:
    """Takes jobs from the standard input until it ends."""
    outgoing = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no message
    _die_with(int(sys.argv[1]))
    while job := _read_line(0):
        described = json.loads(job)
        _bring_keras(described)
        if not _may_fork():
            _work(described, outgoing)
            return
        child = os.fork()
        if child == 0:
            _work(described, outgoing)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        _write_line(outgoing, {"kind": "ended", "status": os.waitstatus_to_exitcode(status)})


def _bring_keras(job: dict[str, Any]) -> None:
    """Imports what every trial needs, but starts no device."""
    from kzoo.build.backend import use_backend

    use_backend(job["backend"])
    import tensorflow  # noqa: F401 - tf.data feeds every backend

    import kzoo.sweep.probe
    import kzoo.training.train  # noqa: F401


def _may_fork() -> bool:
    import keras

    return (
        sys.platform == "linux"
        and keras.backend.backend() == "tensorflow"
        and not any(Path(each).exists() for each in _GPUS)
    )


def _work(job: dict[str, Any], outgoing: int) -> None:
    """Does one job and says what came of it."""
    _die_with(os.getppid())
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    answers: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(answers,), daemon=True).start()
    try:
        _bring_plugins(job)
        if job["kind"] == "probe":
            from kzoo.sweep.probe import probe

            said = probe(job)
        else:
            said = _train(job, outgoing, answers)
    except KzooError as error:
        problems = [dataclasses.asdict(each) for each in error.problems]
        said = {"kind": "failed", "message": error.text(), "problems": problems}
    except BaseException as error:
        traceback.print_exc()
        message = " ".join(str(error).split()) or type(error).__name__
        named = message if isinstance(error, FloatingPointError) else f"{type(error).__name__}: {message}"
        said = {"kind": "failed", "message": named[:2000]}
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    _write_line(outgoing, said)


def _bring_plugins(job: dict[str, Any]) -> None:
    from kzoo.registry.local_parts import load_plugin_file, load_working_folder_plugins

    load_working_folder_plugins(Path.cwd())
    for path in job["plugins"]:
        load_plugin_file(Path(path))


def _train(job: dict[str, Any], outgoing: int, answers: queue.Queue[str]) -> dict[str, Any]:
    """Trains a trial, or goes on where it was interrupted, or only says what a finished run holds."""
    from rich.console import Console

    from kzoo.recipe import load_recipe
    from kzoo.runs import Run
    from kzoo.sweep.reports import Pruned, Reporter
    from kzoo.training.train import resume, train

    run = Run(Path(job["runs"]) / job["name"])
    console = Console(file=sys.stdout, width=120)

    def report(epoch: int, value: float) -> bool:
        _write_line(outgoing, {"kind": "epoch", "epoch": epoch, "value": value})
        return bool(json.loads(answers.get())["prune"])

    reporter = Reporter(job["monitor"], report)
    if not run.finished and not run.pruned:
        try:
            if (run.path / "resolved.yaml").is_file():
                run = resume(run.path, console, more=[reporter])
            else:
                recipe = load_recipe(job["recipe"], job["overrides"])
                run = train(recipe, job["runs"], console, name=job["name"], more=[reporter])
        except Pruned as pruned:
            run.say_pruned(pruned.epoch, job["monitor"], pruned.value)
    if run.finished:
        return {"kind": "done", "results": run.results}
    return {"kind": "pruned", **run.pruned}


def _listen(answers: queue.Queue[str]) -> None:
    """Hands on what the sweep answers. When it is gone, nobody wants this process any more."""
    while line := _read_line(0):
        answers.put(line)
    os._exit(1)


def _die_with(parent: int) -> None:
    """Has the kernel end this process with the one that started it, so that a run never has two trainers."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


def _read_line(source: int) -> str:
    """The next line; nothing at the end. One comes at a time, so none is read ahead that a fork should have."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(source, 65536)
        if not more:
            return ""
        line += more
    return line.decode()


def _write_line(target: int, message: dict[str, Any]) -> None:
    data = (json.dumps(message) + "\n").encode()
    while data:
        data = data[os.write(target, data) :]


if __name__ == "__main__":
    main()
