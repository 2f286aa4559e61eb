"""--hosts and --index: meeting the other hosts, and ending when one of them is lost.

JAX ends a process hard when another host is lost, and says so in words of its own. So the training runs in a process of
its own, and the one that was started waits for it and says what its end means. Each ends with the other.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from kzoo.build.hosts import join, parse_hosts
from kzoo.cli.options import quiet_backends
from kzoo.problems import KzooError
from kzoo.recipe import Recipe, load_recipe

_LINE = "KZOO_LINE_TO_PARENT"  # the file descriptor, in the inner process
_LOST = 77  # exit status of an inner process that noticed
_LAST_WORDS = 5  # seconds
_LOSS = re.compile(r"\b(Gloo|NCCL|coordination service|CoordinationService|heartbeat)\b")
# With this begins what JAX's service says of a loss, in many lines.
_SERVICE = re.compile(rb"[EF]\d{4} \S+ +\d+ (client\.h|coordination_service)")


def on_jax(recipe: Recipe) -> Recipe:
    """A recipe for several hosts: on JAX, which it may leave out to say.

    Raises:
        KzooError: If it names another backend.
    """
    backend = recipe.resolved["run"].get("backend")
    if backend not in (None, "jax"):
        hint = "Add run.backend=jax."
        message = f"--hosts needs the backend jax, not {backend}"
        raise KzooError(recipe.problem(("run", "backend"), message, hint))
    if backend or recipe.path.name == "resolved.yaml":
        return recipe
    return load_recipe(recipe.path, (*recipe.overrides, "run.backend=jax"))


@contextlib.contextmanager
def among(hosts: str, index: int | None) -> Iterator[bool]:
    """Inside, this process is one of several that train together. Yields whether it is the first.

    Args:
        hosts: What --hosts says.
        index: What --index says.

    Raises:
        KzooError: If they make no sense.
        SystemExit: In the process that was started, with what the inner one came to.
    """
    met = parse_hosts(hosts, index)
    if _LINE not in os.environ:
        raise SystemExit(_watch(f"--hosts {hosts}" + ("" if index is None else f" --index {index}")))
    line = socket.socket(fileno=int(os.environ.pop(_LINE)))
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    try:
        with _silent_stdout(), quiet_backends():
            import jax

            join(met, lambda run: line.sendall(f"run {run}\n".encode()))
        yield jax.process_index() == 0
    except BaseException as error:
        if _LOSS.search(str(error)):
            sys.stdout.flush()
            os._exit(_LOST)
        # What is said is said by `main`. Then JAX would wait for the other hosts, which wait for this one.
        line.sendall(f"ends {_status(error)}\n".encode())
        raise


@contextlib.contextmanager
def _silent_stdout() -> Iterator[None]:
    """Keeps the library behind JAX on CPUs from greeting where --json prints."""
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _status(error: BaseException) -> int:
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 2 if isinstance(error, (KzooError, click.ClickException)) else 1


def _end_with(line: socket.socket) -> None:
    """Ends this process when the one that started it is gone."""
    line.recv(1)
    os._exit(1)


def _watch(again: str) -> int:
    """Runs this command in an inner process, and says what its end means.

    Args:
        again: The options by which this host takes part again.

    Returns:
        The exit status.
    """
    mine, its = socket.socketpair()
    inner = subprocess.Popen(
        [sys.executable, "-m", "kzoo", *sys.argv[1:]],
        env={**os.environ, _LINE: str(its.fileno())},
        pass_fds=[its.fileno()],
        stderr=subprocess.PIPE,
        process_group=0,  # a Ctrl-C reaches it from here, once
    )
    its.close()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: inner.send_signal(got))
    said = dict[str, str]()
    readers = [
        threading.Thread(target=_listen, args=(mine, inner, said)),
        threading.Thread(target=_pass_on, args=(inner,)),
    ]
    for reader in readers:
        reader.start()
    status = inner.wait()
    for reader in readers:
        reader.join()
    if "ends" in said:
        return int(said["ends"])
    if status in (_LOST, -signal.SIGABRT):
        if "run" in said:
            what = "another host was lost, so this one ends too"
            hint = f"Go on, with as many hosts as you like: kzoo train --resume {said['run']} {again}"
        else:
            what, hint = (
                "not all hosts came, or one was lost before the training began",
                "Start all of them again.",
            )
        click.echo(f"failed: {what}.\n    {hint}", err=True)
    elif status < 0:
        click.echo(f"failed: ended by signal {-status}", err=True)
    return 1 if status < 0 or status == _LOST else status


def _listen(line: socket.socket, inner: subprocess.Popen[bytes], said: dict[str, str]) -> None:
    """Notes what the inner process says, until it ends."""
    with line.makefile(encoding="utf-8") as texts:
        for text in texts:
            name, _, value = text.rstrip("\n").partition(" ")
            said[name] = value
            if name == "ends":
                with contextlib.suppress(subprocess.TimeoutExpired):
                    inner.wait(_LAST_WORDS)
                inner.kill()


def _pass_on(inner: subprocess.Popen[bytes]) -> None:
    """Prints what the inner process prints as errors, up to the last words of JAX's service."""
    assert inner.stderr is not None
    silent = False
    for line in inner.stderr:
        silent = silent or _SERVICE.match(line) is not None
        if not silent:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
