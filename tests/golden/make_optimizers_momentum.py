# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Momentum and its relatives: writes optimizers_momentum.npz beside itself."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from timm.optim import SGDW, Lars
from walk import keep

TORCH = f"torch {version('torch').partition('+')[0]}"
TIMM = f"timm {version('timm')}"
golden = {}

golden["momentum.against"] = golden["nesterov.against"] = f"torch.optim.SGD ({TORCH})"
sgd = torch.optim.SGD
keep(
    golden,
    "momentum",
    [
        ({}, lambda w: sgd(w, lr=0.01, momentum=0.9)),
        ({"learning_rate": 0.2, "momentum": 0.5}, lambda w: sgd(w, lr=0.2, momentum=0.5)),
    ],
)
keep(
    golden,
    "nesterov",
    [
        ({}, lambda w: sgd(w, lr=0.01, momentum=0.9, nesterov=True)),
        ({"learning_rate": 0.2, "momentum": 0.5}, lambda w: sgd(w, lr=0.2, momentum=0.5, nesterov=True)),
    ],
)
golden["sgdw.against"] = f"timm.optim.SGDW ({TIMM})"
keep(
    golden,
    "sgdw",
    [
        ({}, SGDW),
        (
            {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.1},
            lambda w: SGDW(w, lr=0.05, momentum=0.9, weight_decay=0.1),
        ),
        (
            {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
            lambda w: SGDW(w, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.1),
        ),
    ],
)


def lars(always_adapt=True, weight_decay=0.0, **settings):
    """Biases in a group that neither decays nor adapts, as timm's own `param_groups_weight_decay` puts them."""
    return lambda w: Lars(
        [
            {"params": w[:1], "always_adapt": always_adapt, "weight_decay": weight_decay},
            {"params": w[1:], "always_adapt": False, "weight_decay": 0.0},
        ],
        **settings,
    )


golden["lars.against"] = f"timm.optim.Lars, vectors in a group without decay ({TIMM})"
keep(
    golden,
    "lars",
    [
        ({"learning_rate": 0.1}, lars(lr=0.1, momentum=0.9)),
        (
            {
                "learning_rate": 0.2,
                "momentum": 0.5,
                "nesterov": True,
                "trust_coefficient": 0.02,
                "weight_decay": 0.1,
            },
            lars(lr=0.2, momentum=0.5, nesterov=True, trust_coeff=0.02, weight_decay=0.1),
        ),
        (
            {"learning_rate": 0.3, "momentum": 0.0, "trust_coefficient": 0.5, "trust_clip": True},
            lars(lr=0.3, momentum=0.0, trust_coeff=0.5, trust_clip=True),
        ),
        (
            {"learning_rate": 0.1, "always_adapt": False},
            lars(lr=0.1, momentum=0.9, always_adapt=False),
        ),
    ],
)
np.savez_compressed(Path(__file__).with_name("optimizers_momentum.npz"), **golden)
