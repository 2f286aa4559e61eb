"""Kills trainings with SIGKILL at random moments, resumes them, and compares with trainings that weren't killed.

    python benchmarks/kills.py [KILLS] [SEED]

Every array of the saved model, optimizer included, every row of the history and every result must be equal, bit for
bit. Each training is a process of its own that runs the command line; it is forked from one that has imported
TensorFlow already, so that most of the time goes into trainings and not into imports.
"""

from __future__ import annotations

import collections
import csv
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras  # noqa: F401 - imported once for all
import numpy as np
import tensorflow as tf  # noqa: F401

from kzoo.cli import main
from kzoo.runs import load_run
from kzoo.runs.checkpoint import Checkpoints, position

_EVERY_STEP = "run.checkpoint_minutes=1e-9"
# What they have in common is that each keeps another kind of state.
RECIPES = {
    "augmentation, batch norm, EMA, early stopping": [
        "digits_quick",
        "fit.epochs=6",
        "data.augment=[{name: random_shift, pixels: 1}, {name: random_rotation, factor: 0.02}]",
        "model={layers: [{name: conv2d, filters: 8, kernel_size: 3}, batch_normalization, flatten, "
        "{name: dropout, rate: 0.3}, {name: dense, units: 10}]}",
        "compile.optimizer={name: adamw, use_ema: true, "
        "learning_rate: {name: warmup_cosine, peak: 3e-3, warmup: 10%}}",
        "fit.callbacks=[{name: early_stopping, patience: 4, restore_best_weights: true}]",
    ],
    "two passes a step, no checkpoint within an epoch": [
        "digits_quick",
        "fit.epochs=20",
        "compile.optimizer={name: sam, optimizer: {name: momentum, learning_rate: 0.05}}",
        "run.checkpoint_minutes=0",
    ],
    "accumulated gradients, plateaus": [
        "digits_quick",
        "fit.epochs=10",
        "compile.optimizer={name: lion, learning_rate: 1e-3, gradient_accumulation_steps: 4}",
        "fit.callbacks=[{name: reduce_lr_on_plateau, patience: 1}]",
        _EVERY_STEP,
    ],
    "averaged weights": [
        "digits_quick",
        "fit.epochs=10",
        "model={layers: [flatten, {name: dense, units: 32}, batch_normalization, {name: dense, units: 10}]}",
        "compile.optimizer={name: schedule_free_sgd, learning_rate: 0.1}",
        _EVERY_STEP,
    ],
    "a head with weights of its own": ["digits_arc_face", "fit.epochs=2", "run.checkpoint_minutes=0.002"],
}


def start(folder: Path, arguments: list[str]) -> int:
    """A training in a process of its own; its number."""
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        os.chdir(folder)
        said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.argv = ["kzoo", "train", *arguments]
        main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(status)


def ended_within(number: int, seconds: float) -> bool:
    """Whether a training ends by itself; it fails the benchmark if it does so in another way."""
    deadline = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(number, os.WNOHANG)
        if found:
            if status:
                raise SystemExit(f"a training ended with {status}: see said.txt in {Path.cwd()}")
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.001)


def kept(folder: Path) -> tuple[dict[str, np.ndarray], list[Any], Any]:
    """All that a training leaves behind and that has to be the same."""
    run = load_run(next(path for path in (folder / "runs").iterdir() if not path.name.startswith(".")))
    arrays: dict[str, np.ndarray] = {}
    with (
        zipfile.ZipFile(run.path / "model.keras") as archive,
        h5py.File(archive.open("model.weights.h5")) as file,
    ):
        file.visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    with (run.path / "history.csv").open() as file:
        rows = [[value for key, value in row.items() if key != "seconds"] for row in csv.DictReader(file)]
    return arrays, rows, [run.results[split] for split in ("train", "validation", "test")]


def differences(ours: Any, theirs: Any) -> list[str]:
    """What isn't the same."""
    names = [name for name in theirs[0] if not np.array_equal(ours[0].get(name), theirs[0][name])]
    return names + [what for what, a, b in zip(("history", "results"), ours[1:], theirs[1:]) if a != b]


def where(folder: Path) -> str:
    """Where a training was when it was killed."""
    runs = [path for path in folder.glob("runs/*") if not path.name.startswith(".")]
    if not runs:
        return "before there was a run"
    if any(runs[0].rglob(".*")):
        return "while a file was being written"
    if (runs[0] / "model.keras").exists():
        return "after the model was saved"
    paths = Checkpoints(runs[0] / "checkpoints").paths()
    if not paths:
        return "before the first checkpoint"
    return (
        "within an epoch that has a checkpoint"
        if position(paths[0])[1]
        else "within an epoch that has none yet"
    )


def run_recipe(name: str, kills: int, rng: random.Random, moments: collections.Counter[str]) -> None:
    """Kills trainings of one recipe, so many times in all, and compares each with one that wasn't."""
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    (folder / "whole").mkdir()
    began = time.monotonic()
    assert ended_within(start(folder / "whole", RECIPES[name]), 600)
    lasted = time.monotonic() - began
    wanted, done, trainings = kept(folder / "whole"), 0, 0
    while done < kills:
        trainings += 1
        (here := folder / f"killed-{trainings}").mkdir()
        finished = False
        while not finished:
            runs = [path for path in here.glob("runs/*") if not path.name.startswith(".")]
            number = start(here, ["--resume", str(runs[0])] if runs else RECIPES[name])
            finished = ended_within(number, rng.uniform(0, lasted) if done < kills else 600)
            if not finished:
                os.kill(number, signal.SIGKILL)
                os.waitpid(number, 0)
                done += 1
                moments[where(here)] += 1
                (run,) = [path for path in here.glob("runs/*") if not path.name.startswith(".")] or [None]
                if run is not None and (run / "results.json").exists():
                    finished = True  # it had just written the last of its files
        different = differences(kept(here), wanted)
        if different:
            raise SystemExit(f"{name}: not the same after kills in {here}: {different}")
        if any(here.rglob("runs/*/.*")) or any(here.rglob("runs/*/checkpoints/.*")):
            raise SystemExit(f"{name}: files were left behind in {here}")
    print(
        f"{name}: {done} kills, {trainings} trainings, all as if not killed ({lasted:.1f} s each)", flush=True
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    moments: collections.Counter[str] = collections.Counter()
    for index, name in enumerate(RECIPES):
        share = count * (index + 1) // len(RECIPES) - count * index // len(RECIPES)
        run_recipe(name, share, rng, moments)
    for moment, times in moments.most_common():
        print(f"  {times:3d} × {moment}")
