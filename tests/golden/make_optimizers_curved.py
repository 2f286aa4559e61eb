# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "pytorch_optimizer==4.1.0", "numpy"]
# ///
"""Sophia and AdaHessian on the walk: writes optimizers_curved.npz beside itself.

The walk's loss is a parabola for each number, whose Hessian is its slope. Trajectories of the shared test know nothing
of it; those called `observed` are told it every so many steps.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pytorch_optimizer import SophiaH
from timm.optim.adahessian import Adahessian
from walk import WALK, keep

PO = f"pytorch_optimizer {version('pytorch_optimizer')}"
golden = {
    "sophia.against": f"pytorch_optimizer.SophiaH, given the Hessian ({PO})",
    "adahessian.against": f"timm.optim.Adahessian, given the Hessian (timm {version('timm')})",
}


def slopes(weights):
    return [
        torch.tensor(WALK[f"slope.{i}"], dtype=each.dtype).broadcast_to(each.shape).clone()
        for i, each in enumerate(weights)
    ]


class Sophia:
    """Is told the Hessian every `period` steps; never where that is 0."""

    def __init__(self, weights, period=0, **arguments):
        self.weights, self.period, self.steps = weights, period, 0
        self.inside = SophiaH(weights, foreach=False, **arguments)
        self.inside.compute_hutchinson_hessian = lambda **_: None
        self.inside.update_period = 10**9

    def step(self):
        if self.period and self.steps % self.period == 0:
            self.inside.step(hessian=slopes(self.weights))
        else:
            for state in self.inside.state.values():
                state.pop("hessian", None)
            self.inside.step()
        self.steps += 1


class AdaHessian(Adahessian):
    """Is told the Hessian every `period` steps; never where that is 0: then it takes the gradient for it."""

    def __init__(self, weights, period=0, **arguments):
        super().__init__(weights, **arguments)
        self.weights, self.period, self.steps = weights, period, 0

    def zero_hessian(self):
        """Nothing."""

    def set_hessian(self):
        for weight, slope in zip(self.weights, slopes(self.weights)):
            if not self.period:
                weight.hess = weight.grad.clone()
            elif self.steps % self.period == 0:
                weight.hess = slope
        self.steps += 1


SOPHIA = {
    "learning_rate": 0.025,
    "beta_1": 0.8,
    "beta_2": 0.9,
    "gamma": 0.5,
    "epsilon": 0.15,
    "weight_decay": 0.1,
}
ADAHESSIAN = {
    "learning_rate": 0.02,
    "beta_1": 0.8,
    "beta_2": 0.95,
    "epsilon": 1e-3,
    "hessian_power": 0.5,
    "weight_decay": 0.1,
}
PARTS = {
    "sophia": [
        ({}, lambda w, **more: Sophia(w, lr=6e-2, betas=(0.96, 0.99), p=1e-2, eps=1e-10, **more)),
        (
            SOPHIA,
            lambda w, **more: Sophia(w, lr=0.05, betas=(0.8, 0.9), p=0.5, eps=0.3, weight_decay=0.05, **more),
        ),
    ],
    "adahessian": [
        ({}, lambda w, **more: AdaHessian(w, **more)),
        (
            ADAHESSIAN,
            lambda w, **more: AdaHessian(
                w, lr=0.02, betas=(0.8, 0.95), eps=1e-3, hessian_power=0.5, weight_decay=0.1, **more
            ),
        ),
    ],
}
for part, cases in PARTS.items():
    keep(golden, part, cases)
    for number, (_, make) in enumerate(cases):
        told = {}
        keep(told, part, [({}, lambda w, make=make: make(w, period=3))])
        for dtype in ("float32", "float64"):
            golden[f"{part}.{number}.observed_{dtype}"] = told[f"{part}.0.{dtype}"]
np.savez_compressed(Path(__file__).with_name("optimizers_curved.npz"), **golden)
