# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Losses by PyTorch: `uv run tests/golden/make_losses.py` writes losses.npz beside itself."""

import json
from pathlib import Path

import numpy as np
import torch

generator = np.random.default_rng(0)
golden = {"smooth_l1.against": f"torch.nn.SmoothL1Loss (torch {torch.__version__.partition('+')[0]})"}
for number, (beta, shape) in enumerate([(1.0, (5, 7)), (0.25, (3, 4, 5, 1)), (0.0, (4, 3)), (2.5, (6, 1))]):
    y_true = generator.normal(size=shape)
    y_pred = y_true + generator.normal(scale=2, size=shape)
    y_pred.flat[0] = y_true.flat[0] + beta  # on the corner
    prediction = torch.tensor(y_pred, requires_grad=True)
    loss = torch.nn.SmoothL1Loss(beta=beta)(prediction, torch.tensor(y_true))
    loss.backward()
    prefix = f"smooth_l1.{number}"
    golden[f"{prefix}.arguments"] = json.dumps({"beta": beta})
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()
np.savez_compressed(Path(__file__).with_name("losses.npz"), **golden)
