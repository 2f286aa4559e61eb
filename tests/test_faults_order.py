"""Runs of one second have names of their own, and checkpoints follow their steps, whatever a clock says."""

import os
import threading
from datetime import datetime

import numpy as np

import kzoo
from kzoo.runs import all_runs
from kzoo.runs.checkpoint import Checkpoints
from kzoo.runs.folder import new_run


def test_checkpoints_follow_their_steps_not_the_clock(tmp_path):
    kept = Checkpoints(tmp_path)
    for epoch, step in ((99_999, 3), (99_999, 0), (100_000, 0), (99_999, 1_000_000)):
        kept.save(epoch, {"a": np.zeros(1)}, {}, step)
        if epoch == 100_000:
            os.utime(kept.paths()[0], (1, 1))
    assert kept.newest()[1]["epoch"] == 100_000
    assert [path.stem for path in kept.paths()] == ["epoch-100000", "epoch-99999-step-1000000"]


def test_runs_of_one_second_have_folders_of_their_own(tmp_path, monkeypatch):
    class Standing(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 11, 1, 12, tzinfo=tz)

    monkeypatch.setattr("kzoo.runs.folder.datetime", Standing)
    read, together = kzoo.load_recipe("digits_quick"), threading.Barrier(4)

    def make(made):
        together.wait()
        made += [new_run(read, tmp_path, {"seed": 3}) for _ in range(5)]

    made: list = []
    threads = [threading.Thread(target=make, args=[made]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [
        "digits_quick-20261101-120000",
        *(f"digits_quick-20261101-120000-{number}" for number in range(2, 21)),
    ]
    assert [run.path.name for run in all_runs(tmp_path)] == names
    assert sorted(run.path for run in made) == sorted(run.path for run in all_runs(tmp_path))
