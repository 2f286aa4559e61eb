"""What trains nothing in a sweep: the test says what comes of a job."""

import collections
import threading
from typing import ClassVar

import pytest

from kzoo.sweep import sweep, worker

SEEDS = ["model.activation=relu,mish", "seed=0,1,2"]
MEASURES = {"accuracy": "max", "loss": "min", "odd": ""}


class Double:
    """Stands in for what trains."""

    outcome = staticmethod(lambda job: 0.5)
    jobs: ClassVar = collections.Counter()
    seen: ClassVar = []

    def __init__(self, log):
        self.stopped = threading.Event()

    def do(self, job, epoch=lambda *_: False):
        if job["kind"] == "probe":
            return {"kind": "probed", "measures": MEASURES, "splits": ["val_", "test_"]}
        Double.jobs[job["name"]] += 1
        Double.seen.append(dict(each.split("=", 1) for each in job["overrides"]))
        value = Double.outcome(job)
        if isinstance(value, dict):
            return value
        if isinstance(value, list):  # by epoch
            for number, each in enumerate(value, start=1):
                if epoch(number, each):
                    return {"kind": "pruned", "epoch": number, "value": each}
            value = value[-1]
        numbers = {"accuracy": value, "loss": 1 - value, "odd": 0.0}
        more = {"epochs": 5, "parameters": 10, "seconds": 1.0}
        return {"kind": "done", "results": {"train": numbers, "validation": numbers, "test": numbers, **more}}

    def kill(self):
        self.stopped.set()

    def close(self):
        pass


@pytest.fixture(autouse=True)
def double(monkeypatch, tmp_path):
    monkeypatch.setattr(sweep, "Trainer", Double)
    monkeypatch.setattr(worker, "Trainer", Double)
    monkeypatch.setattr(worker, "_LOOK", 0.02)
    monkeypatch.setattr(Double, "outcome", staticmethod(lambda job: 0.5))
    monkeypatch.chdir(tmp_path)
    Double.jobs.clear()
    Double.seen.clear()
    return Double


def outcomes(monkeypatch, function):
    monkeypatch.setattr(Double, "outcome", staticmethod(function))


def override(job, key):
    return dict(each.split("=", 1) for each in job["overrides"])[key]
