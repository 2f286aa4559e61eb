# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Losses of classes by PyTorch: `uv run tests/golden/make_class_losses.py` writes class_losses.npz beside itself."""

import json
from pathlib import Path

import numpy as np
import torch

WEIGHTS = [0.5, 2.0, 1.0, 0.25]
generator = np.random.default_rng(0)
version = torch.__version__.partition("+")[0]
golden = {"cross_entropy.against": f"torch.nn.CrossEntropyLoss (torch {version})"}
CASES = [
    ({}, (7, 4), "numbers"),
    ({"label_smoothing": 0.1, "class_weights": WEIGHTS, "ignore_index": -1}, (3, 5, 4), "numbers"),
    ({"class_weights": WEIGHTS, "ignore_index": 2}, (9, 4), "numbers"),
    ({"label_smoothing": 0.2}, (2, 3, 4), "probabilities"),
    ({"label_smoothing": 0.3, "class_weights": WEIGHTS}, (6, 4), "probabilities"),
]
for number, (arguments, shape, targets) in enumerate(CASES):
    y_pred = generator.normal(scale=2, size=shape)
    if targets == "numbers":
        y_true = generator.integers(0, 4, size=shape[:-1])
        y_true.flat[0] = arguments.get("ignore_index", 0)
    else:
        y_true = generator.dirichlet(np.ones(4), size=shape[:-1])
    prediction = torch.tensor(y_pred, requires_grad=True)
    loss = torch.nn.CrossEntropyLoss(
        weight=torch.tensor(WEIGHTS, dtype=torch.float64) if "class_weights" in arguments else None,
        ignore_index=arguments.get("ignore_index", -100),
        label_smoothing=arguments.get("label_smoothing", 0.0),
    )(prediction.reshape(-1, 4), torch.tensor(y_true).reshape((-1,) if targets == "numbers" else (-1, 4)))
    loss.backward()
    prefix = f"cross_entropy.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()
np.savez_compressed(Path(__file__).with_name("class_losses.npz"), **golden)
