"""Several hosts train as one: two processes on loopback, one of which is killed, and what they are told."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import kzoo
from kzoo.build.hosts import LOST_AFTER, Hosts, parse_hosts
from kzoo.cli import main
from kzoo.problems import KzooError
from tests.test_devices import RECIPE, assert_close, rows_of, write_recipe

started: list[subprocess.Popen[str]] = []


def start(folder, *arguments, **more):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", **more}
    environment.pop("KERAS_BACKEND", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "kzoo", "train", *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started.append(process)
    return process


def start_two(folder, *arguments):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hosts = f"127.0.0.1:{port},127.0.0.1:{port + 1}"
    return [start(folder, *arguments, "--hosts", hosts, "--index", index) for index in (0, 1)]


def start_two_as_slurm_does(folder, *arguments):
    """Two tasks of a job; JAX takes the port from the job's number."""
    while True:
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", 61440 + (job := random.randrange(4096))))
            break
    told = {
        "SLURM_JOB_ID": job,
        "SLURM_STEP_NODELIST": "127.0.0.1",
        "SLURM_NTASKS": 2,
        "SLURM_STEP_NUM_NODES": 1,
    }
    return [
        start(folder, *arguments, "--hosts", "auto", **{k: str(v) for k, v in each.items()})
        for each in (told | {"SLURM_PROCID": index, "SLURM_LOCALID": index} for index in (0, 1))
    ]


def finish(process, status=0):
    said, _ = process.communicate(timeout=300)
    assert process.returncode == status, said
    return said


def only_run(folder):
    (path,) = [path for path in (folder / "runs").iterdir() if not path.name.startswith(".")]
    return kzoo.load_run(path)


def wait_for(folder, pattern, *processes):
    deadline = time.monotonic() + 200
    while not list(folder.glob(pattern)):
        for process in processes:
            assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def nobody_stays_behind():
    """Ends what a failed test leaves running."""
    yield
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()
    started.clear()


@pytest.mark.slow
def test_two_hosts_train_as_one_and_one_lost_ends_the_other(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        write_recipe(folder)
        # Long enough to be killed in the middle, gentle enough that rounding doesn't grow.
        gentle = RECIPE.replace("learning_rate: 0.05, momentum: 0.9", "learning_rate: 0.003")
        gentle = gentle.replace("    - batch_normalization\n", "")
        (folder / "recipe.yaml").write_text(gentle.replace("epochs: 2", "epochs: 30"))
    alone = start(one, "recipe.yaml", "run.backend=jax")
    first, second = start_two(two, "recipe.yaml")

    # One of them is killed, by its outer process.
    wait_for(two, "runs/*/checkpoints/epoch-00002.safetensors", first, second)
    second.send_signal(signal.SIGKILL)
    began = time.monotonic()
    said = finish(first, status=1)
    assert time.monotonic() - began < LOST_AFTER + 40  # a machine may be busy; the bound itself is JAX's
    second.communicate()
    run = only_run(two)
    assert "devices: 2 on 2 hosts (data_parallel), global batch size 16, 8 per device" in said
    assert "failed: another host was lost" in said and f"kzoo train --resume {run.path}" in said
    assert "Traceback" not in said
    assert not run.finished and len(list(two.glob("runs/.*"))) == 0

    # One goes on where two were, is killed too, and two that a cluster tells of themselves end where one alone does.
    third = start(two, "--resume", run.path)
    wait_for(two, "runs/*/checkpoints/epoch-0000[5-9].safetensors", third)
    third.send_signal(signal.SIGKILL)
    third.communicate()
    done = [finish(each) for each in start_two_as_slurm_does(two, "--resume", run.path)]
    assert "devices: 2 on 2 hosts" in done[0]
    assert "resuming after epoch" in done[0] and "test: " in done[0] and "test: " not in done[1]
    finish(alone)
    assert_same(only_run(one), run)


def assert_same(one, other):
    for row, same in zip(rows_of(one), rows_of(other), strict=True):
        assert_close(numbers(row), numbers(same))
    for split in ("train", "validation", "test"):
        assert_close(one.results[split], other.results[split])
    models = [keras.saving.load_model(run.path / "model.keras") for run in (one, other)]
    for mine, theirs in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5 * np.abs(mine).max())


def numbers(row):
    return {name: float(value) for name, value in row.items()}


def test_addresses_are_read():
    assert parse_hosts("a:1,b:2", 1) == Hosts(("a:1", "b:2"), 1)
    assert parse_hosts("[::1]:70, node-2.cluster:65535", 0).addresses == ("[::1]:70", "node-2.cluster:65535")
    assert parse_hosts("auto", None) == Hosts()


@pytest.mark.parametrize(
    "hosts, index, said",
    [
        ("a:1,b", 0, "expected host:port, got 'b'"),
        ("a:1,b:99999", 0, "got 'b:99999'"),
        ("a:1", 0, "two addresses or more"),
        ("a:1,a:1", 0, "all different"),
        ("a:1,b:2", 2, "expected 0 to 1, got 2"),
        ("a:1,b:2", None, "expected 0 to 1, got none"),
        ("auto", 1, "takes no --index"),
    ],
)
def test_addresses_that_make_no_sense_are_refused(hosts, index, said):
    with pytest.raises(KzooError, match=said):
        parse_hosts(hosts, index)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--index", "0"], "--index says which of --hosts"),
        (["--hosts", "a:1"], "two addresses or more"),
        (["--hosts", "a:1,b:2", "--index", "0", "run.backend=torch"], "needs the backend jax, not torch"),
    ],
)
def test_wrong_arguments_end_with_status_2(arguments, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kzoo", "train", "digits_quick", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and said in capsys.readouterr().err
