"""The most memory that training and inference of models of pictures take, next to timm and keras.applications.

    python benchmarks/zoo_memory.py [MODEL ...] [--size 64]

Each side is a process of its own: how far its memory rises above what it holds once everything is imported, over three
batches of 32, weights included. SGD, float32, on the CPU.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

from zoo import IN_KERAS, MODELS, examples, of_keras, of_torch

SIDES = ("tensorflow", "jax", "timm", "keras.applications")


def mebibytes(side: str, name: str, size: int, mode: str) -> float:
    """How far this process rises while it runs the model."""
    inputs, labels = examples(size)
    if side == "timm":
        import timm  # noqa: F401
        import torch  # noqa: F401
    else:
        import keras  # noqa: F401

        import kzoo
    before = _held()
    if side == "timm":
        step = of_torch(name, inputs, labels, compiled=False)[mode]
    else:
        called = f"keras/{IN_KERAS[name]}" if side == "keras.applications" else name
        step = of_keras(kzoo.create_model(called, input_shape=(size, size, 3)), inputs, labels)[mode]
    for _ in range(3):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before


def _held() -> float:
    """What the process holds now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def of_process(side: str, name: str, size: int, mode: str) -> str:
    """The same, measured in a new process."""
    backend = side if side in ("tensorflow", "jax") else "tensorflow"
    command = [sys.executable, __file__, name, "--size", str(size), "--side", side, "--mode", mode]
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return f"{float(done.stdout.split()[-1]):,.0f}" if done.returncode == 0 else "–"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--side")
    parser.add_argument("--mode")
    asked = parser.parse_args()
    if asked.side:
        print(mebibytes(asked.side, asked.models[0], asked.size, asked.mode))
    else:
        print(f"MiB at {asked.size}×{asked.size} | " + " | ".join(SIDES))
        for name in asked.models:
            for mode in ("training", "inference"):
                sides = [side for side in SIDES if side != "keras.applications" or name in IN_KERAS]
                print(f"{name}, {mode} | ", end="")
                print(" | ".join(of_process(side, name, asked.size, mode) for side in sides), flush=True)
