# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Learning rates of timm's PlateauLRScheduler by epoch: writes plateau.npz beside itself."""

import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from timm.scheduler import PlateauLRScheduler

warnings.simplefilter("ignore", FutureWarning)
generator = np.random.default_rng(0)
metric = np.abs(1 / np.arange(1, 61) + generator.normal(scale=0.05, size=60)).round(3)
golden = {"against": f"timm.scheduler.PlateauLRScheduler (timm {version('timm')})", "metric": metric}
# Warm-up, its start, factor, timm's patience, the least rate, the mode.
CASES = [(5, 0.01, 0.5, 3, 0.0, "min"), (0, 0.0, 0.1, 2, 1e-3, "min"), (12, 0.0, 0.7, 1, 0.0, "max")]
for number, (warmup, start, factor, patience, least, mode) in enumerate(CASES):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = PlateauLRScheduler(
        optimizer,
        decay_rate=factor,
        patience_t=patience,
        threshold=0.0,
        warmup_t=warmup,
        warmup_lr_init=start,
        lr_min=least,
        mode=mode,
    )
    rates = []
    for epoch, value in enumerate(metric):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(epoch + 1, float(value))
    golden[f"{number}.arguments"] = np.array([warmup, start, factor, patience, least])
    golden[f"{number}.mode"], golden[f"{number}.rates"] = mode, np.array(rates)
np.savez_compressed(Path(__file__).with_name("plateau.npz"), **golden)
