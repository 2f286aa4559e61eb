"""A training of many steps holds no more memory at its end than after its first thousands."""

import os
from pathlib import Path

import pytest

import kzoo
from kzoo.training.position import Position

RECIPE = """\
name: long
data: {name: digits, batch_size: 32}
model: {name: mlp, hidden: [4]}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: sgd, learning_rate: 1e-3}
fit: {epochs: EPOCHS}
run: {tensorboard: false}
"""
STEPS, AN_EPOCH, WARM = 20_000, 45, 5_000
BOUND = 16  # MiB; keeping a thousand bytes a step would take as much


def resident():
    """MiB of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_stays_flat_over_20_000_steps(tmp_path, monkeypatch):
    usual, seen = Position.on_epoch_begin, {}

    def begin(self, epoch, logs=None):
        usual(self, epoch, logs)
        seen[epoch * AN_EPOCH] = resident()

    monkeypatch.setattr(Position, "on_epoch_begin", begin)
    (tmp_path / "long.yaml").write_text(RECIPE.replace("EPOCHS", str(STEPS // AN_EPOCH + 1)))
    run = kzoo.train(tmp_path / "long.yaml", runs=tmp_path, verbose=False)
    assert run.results["epochs"] * AN_EPOCH >= STEPS
    warm = max(held for step, held in seen.items() if step <= WARM)
    late = max(held for step, held in seen.items() if step > WARM)
    assert late - warm < BOUND, {step: round(held) for step, held in seen.items() if step % 1_800 == 0}
