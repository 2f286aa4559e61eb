# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorch_optimizer==4.1.0", "numpy"]
# ///
"""Optimizers that keep less than Adam on the walk of make_optimizers.py: writes optimizers_sparing.npz."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pytorch_optimizer import CAME, AdamMini
from walk import keep

PO = f"pytorch_optimizer {version('pytorch_optimizer')}"
golden = {}
# AdamMini computes in float32, whatever the weight: only this rounding is taken out, so that digits can be compared.
original_to, original_zeros = torch.Tensor.to, torch.zeros_like
torch.Tensor.to = lambda self, *args, **more: (
    self if args == (torch.float32,) else original_to(self, *args, **more)
)
torch.zeros_like = lambda tensor, dtype=None: original_zeros(tensor)


class Columns:
    """AdamMini with a parameter, and so one second moment, for each column of the matrix and for the vector."""

    def __init__(self, weights, **arguments):
        self.matrix, self.vector = weights
        model = torch.nn.Module()
        columns = [torch.nn.Parameter(column.detach().clone()) for column in self.matrix.T]
        model.columns = torch.nn.ParameterList([*columns, self.vector])
        self.columns = columns
        self.inside = AdamMini(model, **{"lr": 1e-3, "weight_decay": 0.0, **arguments})

    def step(self):
        for column, gradient in zip(self.columns, self.matrix.grad.T):
            column.grad = gradient.clone()
        self.inside.step()
        with torch.no_grad():
            self.matrix.copy_(torch.stack(list(self.columns), dim=1))


golden["adam_mini.against"] = (
    f"pytorch_optimizer.AdamMini, a parameter a column, without its rounding to float32 ({PO})"
)
keep(
    golden,
    "adam_mini",
    [
        ({}, Columns),
        (
            {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3, "weight_decay": 0.1},
            lambda w: Columns(w, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
        ),
    ],
)
golden["came.against"] = f"pytorch_optimizer.CAME ({PO})"
keep(
    golden,
    "came",
    [
        ({"learning_rate": 0.002}, lambda w: CAME(w, lr=0.002)),
        (
            {
                "learning_rate": 0.01,
                "beta_1": 0.8,
                "beta_2": 0.95,
                "beta_3": 0.9,
                "epsilon_1": 1e-6,
                "epsilon_2": 1e-3,
                "clip_threshold": 0.7,
                "weight_decay": 0.1,
            },
            lambda w: CAME(
                w, lr=0.01, betas=(0.8, 0.95, 0.9), eps1=1e-6, eps2=1e-3, clip_threshold=0.7, weight_decay=0.1
            ),
        ),
    ],
)
np.savez_compressed(Path(__file__).with_name("optimizers_sparing.npz"), **golden)
