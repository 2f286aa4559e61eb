"""Step time and memory of a training of 20,000 steps, from its beginning to its end.

    python benchmarks/long_run.py [STEPS]

A tiny network, so that what happens around a step counts, not the step. The rate of each tenth is printed next to that
of the second: a machine is noisy, so a trend is what to look for.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import kzoo
from kzoo.training.position import Position

_AN_EPOCH = 45
_RECIPE = """\
name: long
data: {name: digits, batch_size: 32}
model: {name: mlp, hidden: [4]}
compile: {loss: {name: sparse_categorical_crossentropy, from_logits: true}, optimizer: adam, metrics: [accuracy]}
fit: {epochs: EPOCHS}
"""


def main(steps: int) -> None:
    """Trains, and prints what was seen."""
    seen: list[tuple[float, float]] = []
    usual = Position.on_epoch_begin

    def begin(self: Position, epoch: int, logs: Any = None) -> None:
        usual(self, epoch, logs)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        seen.append((time.perf_counter(), pages * os.sysconf("SC_PAGE_SIZE") / 2**20))

    Position.on_epoch_begin = begin  # type: ignore[method-assign]
    epochs = -(-steps // _AN_EPOCH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.yaml"
        path.write_text(_RECIPE.replace("EPOCHS", str(epochs + 1)))
        kzoo.train(path, runs=folder, verbose=False)
    milliseconds = [(b[0] - a[0]) / _AN_EPOCH * 1e3 for a, b in itertools.pairwise(seen)]
    tenth = epochs // 10
    tenths = [statistics.median(milliseconds[index * tenth : (index + 1) * tenth]) for index in range(10)]
    print(f"{epochs * _AN_EPOCH:,} steps")
    for index, median in enumerate(tenths):
        held = seen[(index + 1) * tenth][1]
        print(
            f"  {(index + 1) * 10:3d} %: {median:.3f} ms a step, {median / tenths[1]:.3f} of the second tenth's; "
            f"{held:.0f} MiB"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
