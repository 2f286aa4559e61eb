"""Sweeps without a training: who works on what."""

import itertools
import os
import sys
import threading

import pytest
import sqlalchemy
from sweep_double import Double, double, outcomes  # noqa: F401 - double is a fixture

from kzoo.sweep import claims, sweep
from kzoo.sweep.claims import Claims


@pytest.fixture
def engine(tmp_path):
    made = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/claims.db", connect_args={"timeout": 60})
    yield made
    made.dispose()


def test_a_trial_is_claimed_once_however_many_want_it(engine):
    crowd = [Claims(engine, "study", f"host{index}:1:x") for index in range(8)]
    got = [[] for _ in crowd]
    together = threading.Barrier(len(crowd))

    def grab(index):
        together.wait()
        got[index] = [number for number in range(10) if crowd[index].take(number)]

    threads = [threading.Thread(target=grab, args=(index,)) for index in range(len(crowd))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(itertools.chain(*got)) == list(range(10))


def test_a_dead_process_of_this_machine_leaves_its_claims_at_once(engine):
    import socket
    import subprocess

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = Claims(engine, "study", f"{socket.gethostname()}:{ended.pid}:x")
    alive = Claims(engine, "study", f"{socket.gethostname()}:{os.getpid()}:x")
    assert dead.take(1) and alive.take(2)
    heir = Claims(engine, "study", "elsewhere:1:x")
    local = Claims(engine, "study", f"{socket.gethostname()}:{os.getpid()}:y")
    assert local.take(1) and not local.take(2)
    assert not heir.take(1) and not heir.take(2)


def test_a_silent_owner_elsewhere_counts_as_dead_and_learns_it(engine, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(claims.time, "monotonic", lambda: now[0])
    owner, heir = Claims(engine, "study", "there:1:x"), Claims(engine, "study", "elsewhere:1:x")
    assert owner.take(5) and not heir.take(5)
    now[0] += claims.GRACE - 1
    assert owner.beat() == set() and not heir.take(5)
    now[0] += claims.GRACE - 1
    assert not heir.take(5)  # it was heard of since
    now[0] += 2
    assert heir.take(5)
    assert owner.beat() == {5} and owner.held == set()
    owner.release(5)  # another's by now: it stays
    assert not owner.take(5)


def test_two_sweepers_of_one_sweep_train_each_cell_once(monkeypatch):
    outcomes(monkeypatch, lambda job: threading.Event().wait(0.01) or 0.5)
    begun = sweep.begin("digits_quick", ["seed=0..11"], into=None)
    others = [begun, *(sweep.load(begun.folder.path) for _ in range(2))]
    threads = [threading.Thread(target=sweep.go_on, args=(each, 2)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(Double.jobs) == 12 and set(Double.jobs.values()) == {1}
    assert not begun.study.unfinished()
