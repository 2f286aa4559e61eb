# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Optimizers for large batches and large models, and MADGRAD: writes optimizers_large.npz beside itself."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from timm.optim import MADGRAD, Lamb
from walk import keep

TORCH = f"torch {version('torch').partition('+')[0]}"
TIMM = f"timm {version('timm')}"
golden = {}

golden["lamb.against"] = f"timm.optim.Lamb(max_grad_norm=None) ({TIMM})"
keep(
    golden,
    "lamb",
    [
        ({}, lambda w: Lamb(w, max_grad_norm=None, weight_decay=0.0, always_adapt=True)),
        (
            {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4, "weight_decay": 0.1},
            lambda w: Lamb(
                w,
                lr=0.01,
                betas=(0.8, 0.95),
                eps=1e-4,
                max_grad_norm=None,
                weight_decay=0.1,
                always_adapt=True,
            ),
        ),
        (
            {"learning_rate": 0.02, "trust_clip": True, "weight_decay": 0.1},
            lambda w: Lamb(w, lr=0.02, max_grad_norm=None, weight_decay=0.1, trust_clip=True),
        ),
        (
            {"learning_rate": 0.02, "always_adapt": False},
            lambda w: Lamb(w, lr=0.02, max_grad_norm=None, weight_decay=0.0),
        ),
    ],
)
golden["madgrad.against"] = f"timm.optim.MADGRAD(decoupled_decay=True) ({TIMM})"
keep(
    golden,
    "madgrad",
    [
        ({}, MADGRAD),
        (
            {"learning_rate": 0.05, "momentum": 0.5, "epsilon": 1e-3, "weight_decay": 0.1},
            lambda w: MADGRAD(w, lr=0.05, momentum=0.5, eps=1e-3, weight_decay=0.1, decoupled_decay=True),
        ),
        ({"momentum": 0.0}, lambda w: MADGRAD(w, momentum=0.0)),
    ],
)
golden["adafactor.against"] = f"torch.optim.Adafactor ({TORCH})"
adafactor = torch.optim.Adafactor
keep(
    golden,
    "adafactor",
    [
        ({}, adafactor),
        (
            {
                "learning_rate": 0.05,
                "beta_2_decay": -0.5,
                "epsilon_1": 1e-3,
                "epsilon_2": 0.5,
                "clip_threshold": 1.2,
                "weight_decay": 0.1,
            },
            lambda w: adafactor(w, lr=0.05, beta2_decay=-0.5, eps=(1e-3, 0.5), d=1.2, weight_decay=0.1),
        ),
    ],
)

# torch iterates in bfloat16, whatever the weight: only its rounding is taken out, so that digits can be compared.
torch.Tensor.bfloat16 = lambda self: self.clone()


def muon(lr=1e-3, weight_decay=0.0, betas=(0.9, 0.999), rate=1.0, **settings):
    return lambda w: [
        torch.optim.Muon(w[:1], lr=lr, weight_decay=weight_decay, **settings),
        torch.optim.AdamW(w[1:], lr=lr * rate, weight_decay=weight_decay, betas=betas),
    ]


golden["muon.against"] = f"torch.optim.Muon without its rounding to bfloat16, torch.optim.AdamW ({TORCH})"
keep(
    golden,
    "muon",
    [
        ({}, muon()),
        (
            {"learning_rate": 0.02, "momentum": 0.8, "nesterov": False, "weight_decay": 0.1, "beta_1": 0.8},
            muon(lr=0.02, momentum=0.8, nesterov=False, weight_decay=0.1, betas=(0.8, 0.999)),
        ),
        (
            {
                "learning_rate": 0.02,
                "adjust": "match_rms_adamw",
                "newton_schulz_steps": 3,
                "epsilon": 1e-3,
                "adam_rate": 0.5,
            },
            muon(lr=0.02, adjust_lr_fn="match_rms_adamw", ns_steps=3, eps=1e-3, rate=0.5),
        ),
    ],
    transposed=True,
)
np.savez_compressed(Path(__file__).with_name("optimizers_large.npz"), **golden)
