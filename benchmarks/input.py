"""How fast pictures come, next to PyTorch's DataLoader with the same operations by Pillow and NumPy.

    python benchmarks/input.py [--pictures 5000] [--rounds 5] [--sizes 64 224] [--next-to pillow torchvision]

A folder of JPEGs of 200×200 is made once. Both sides cut random windows and bring them to 64×64 or 224×224, mirror,
jitter the colours and apply RandAugment, and hand over batches of 64 as float32 from 0 to 1. PyTorch's side has two
worker processes, Pillow, and pictures that stay 8-bit numbers up to the main process; if told so, torchvision's own
operations. Each side is a process of its own that goes through the pictures when it is told to, in turn; measured are
pictures a second. The first 16 batches after a pause don't count: what a side prepared while the other ran is used up
then. Ours is measured twice: every picture decoded anew (`cache: none`), and as `cache: auto` keeps them. Wanted: 2.0.

What differs: Pillow filters windows that shrink with a triangle, ours takes means over areas.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sides import compare

BATCH = 64
UNCOUNTED = 16  # batches
RECIPE = """
name: bench
data:
  name: image_folder
  path: {folder}
  image_size: [{size}, {size}]
  batch_size: 64
  drop_remainder: true
  test: 0
  cache: {cache}
  augment:
    - random_resized_crop
    - kzoo/random_flip
    - {{name: kzoo/random_color_jitter, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1}}
    - {{name: kzoo/rand_augment, num_ops: 2, magnitude: 9}}
model: {{layers: [flatten, {{name: dense, units: 1}}]}}
compile: {{loss: mse}}
fit: {{epochs: 1000}}
"""


def make_pictures(folder: Path, count: int) -> None:
    """Smooth random colours with some noise, in ten classes."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(count):
        place = folder / str(number % 10)
        place.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(random.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((200, 200), Image.Resampling.BICUBIC))
        noisy = np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(place / f"{number:05}.jpg", quality=90)


def ours(folder: Path, size: int, cache: str):
    """Yields our side's batches, without end."""
    import kzoo
    from kzoo.build.experiment import build_source
    from kzoo.build.parts import get
    from kzoo.data.pipeline import training_batches

    path = folder.parent / f"{size}-{cache}.yaml"
    path.write_text(RECIPE.format(folder=folder, size=size, cache=cache))
    recipe = kzoo.load_recipe(path)
    data = recipe.resolved["data"]
    source = build_source(recipe, recipe.resolved)
    augment = [get("augmentation", spec) for spec in data["augment"]]
    options = {"batch_size": BATCH, "seed": 0, "epochs": 1000, "augment": augment, "drop_remainder": True}
    for x, _ in training_batches(source.train, scale=source.scale, **options):
        yield x


def theirs(folder: Path, size: int, operations: str):
    """Yields the other side's batches, without end."""
    import torch
    from pillow_side import Pictures

    change = importlib.import_module(f"{operations}_side").Change(size)
    loader = torch.utils.data.DataLoader(
        Pictures(folder, change), BATCH, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True
    )
    while True:
        for x, _ in loader:
            yield x.float().mul_(1 / 255)


class Side:
    """A process that goes through the pictures when it is told to."""

    def __init__(self, folder: Path, count: int, *arguments: str):
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [
            sys.executable,
            __file__,
            "--folder",
            str(folder),
            "--pictures",
            str(count),
            "--side",
            *arguments,
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def rate(self) -> float:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def serve(folder: Path, count: int, side: str, size: str, how: str) -> None:
    """Goes through the pictures once for every line on standard input, and prints pictures a second."""
    batches = (ours if side == "ours" else theirs)(folder, int(size), how)
    steps = count // BATCH - UNCOUNTED
    for _ in sys.stdin:
        for _ in range(UNCOUNTED):
            next(batches)
        began = time.perf_counter()
        for _ in range(steps):
            assert next(batches).shape == (BATCH, int(size), int(size), 3)
        print(steps * BATCH / (time.perf_counter() - began), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures a second, ours and PyTorch's.")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", nargs="+", default=["64", "224"])
    parser.add_argument("--next-to", nargs="+", default=["pillow"], choices=["pillow", "torchvision"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--side", nargs="+")
    given = parser.parse_args()
    if given.side:
        serve(given.folder, given.pictures, *given.side)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "pictures"
        make_pictures(folder, given.pictures)
        for size, operations in itertools.product(given.sizes, given.next_to):
            other = Side(folder, given.pictures, "theirs", size, operations)
            for cache in ("none", "auto"):
                mine = Side(folder, given.pictures, "ours", size, cache)
                what = f"pictures a second at {size}×{size}, cache: {cache}, {operations}"
                compare(what, mine.rate, other.rate, given.rounds)
                mine.close()
            other.close()


if __name__ == "__main__":
    main()
