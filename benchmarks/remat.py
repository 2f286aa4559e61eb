"""What rematerialization saves and costs: peak memory and time of a training step, with and without, in turn.

    python benchmarks/remat.py [MODEL ...]

Each measurement is a process of its own on TensorFlow without XLA; its memory is what the process grew by over what it
held before the first step. Beside it stands what `kzoo memory` says.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

# Model: size of a picture, batch.
CASES = {
    "resnet20": (32, 256),
    "resnet50": (64, 64),
    "vit_tiny_patch16_224": (224, 16),
    "mixer_s16_224": (224, 16),
}
_ROUNDS = 3


def measure(name: str, remat: bool) -> dict[str, float]:
    """Megabytes and seconds of a step, in this process."""
    import keras
    import numpy as np

    import kzoo

    size, batch = CASES[name]
    model = kzoo.create_model(name, 10, (size, size, 3), remat=remat)
    model.compile(keras.optimizers.SGD(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    inputs = np.random.default_rng(0).normal(size=(batch, size, size, 3)).astype("float32")
    labels = np.arange(batch) % 10
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model.train_on_batch(inputs, labels)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        model.train_on_batch(inputs, labels)
        times.append(time.perf_counter() - began)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"MB": grown * 1024 / 1e6, "seconds": statistics.median(times)}


def forecast_of(name: str, remat: bool) -> float:
    """What `kzoo memory` says of the step, but for weights and batch, which are there before it."""
    from memory_cases import Case, recipe_of

    from kzoo.memory import forecast

    size, batch = CASES[name]
    case = Case(name, (size, size, 3), batch, "sgd", remat=remat)
    found = forecast(recipe_of(case), input_shape=case.shape, num_classes=10)
    return (found.total_bytes - found.parts["parameters"] - found.parts["batch"]) / 1e6


def in_a_process(what: str, name: str, remat: bool) -> Any:
    command = [sys.executable, __file__, what, name, str(int(remat))]
    env = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str) -> str:
    rounds = [[in_a_process("measure", name, remat) for remat in (False, True)] for _ in range(_ROUNDS)]
    cells = [name, "{0}×{0}, {1}".format(*CASES[name])]
    for unit, form in (("MB", "{:,.0f}"), ("seconds", "{:.2f}")):
        plain, remat = (statistics.median(each[side][unit] for each in rounds) for side in (0, 1))
        cells += [form.format(plain), form.format(remat), f"{remat / plain:.2f}"]
        if unit == "MB":
            cells += [f"{in_a_process('forecast', name, each):,.0f}" for each in (False, True)]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    if sys.argv[1:2] in (["measure"], ["forecast"]):
        done = (measure if sys.argv[1] == "measure" else forecast_of)(sys.argv[2], sys.argv[3] == "1")
        print(json.dumps(done))
    else:
        print("| model | picture, batch | MB | remat | ratio | forecast | remat | s a step | remat | ratio |")
        print("| --- " * 10 + "|")
        for each in sys.argv[1:] or CASES:
            print(row(each), flush=True)
