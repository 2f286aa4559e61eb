# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "pytorch_optimizer==4.1.0", "numpy"]
# ///
"""Adam and its relatives: writes optimizers_adaptive.npz beside itself."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pytorch_optimizer import AdEMAMix, Yogi
from timm.optim import AdaBelief, Adan, Adopt, LaProp
from walk import keep

TORCH = f"torch {version('torch').partition('+')[0]}"
TIMM = f"timm {version('timm')}"
PO = f"pytorch_optimizer {version('pytorch_optimizer')}"
golden = {}

golden["nadam.against"] = f"torch.optim.NAdam ({TORCH})"
nadam = torch.optim.NAdam
keep(
    golden,
    "nadam",
    [
        ({}, nadam),
        (
            {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4, "momentum_decay": 1.0},
            lambda w: nadam(w, lr=0.05, betas=(0.8, 0.95), eps=1e-4, momentum_decay=1.0),
        ),
        (
            {"learning_rate": 0.01, "weight_decay": 0.1},
            lambda w: nadam(w, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
        ),
    ],
)
golden["amsgrad.against"] = f"torch.optim.Adam(amsgrad=True), torch.optim.AdamW(amsgrad=True) ({TORCH})"
keep(
    golden,
    "amsgrad",
    [
        ({}, lambda w: torch.optim.Adam(w, amsgrad=True)),
        (
            {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4, "weight_decay": 0.1},
            lambda w: torch.optim.AdamW(
                w, lr=0.05, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.1, amsgrad=True
            ),
        ),
    ],
)
golden["adabelief.against"] = f"timm.optim.AdaBelief(rectify=False) ({TIMM})"
keep(
    golden,
    "adabelief",
    [
        ({}, lambda w: AdaBelief(w, rectify=False)),
        (
            {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-6, "weight_decay": 0.1},
            lambda w: AdaBelief(
                w, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1, rectify=False, decoupled_decay=True
            ),
        ),
    ],
)
golden["adan.against"] = f"timm.optim.Adan ({TIMM})"
keep(
    golden,
    "adan",
    [
        ({}, Adan),
        (
            {"learning_rate": 0.02, "beta_1": 0.9, "beta_2": 0.8, "beta_3": 0.95, "weight_decay": 0.1},
            lambda w: Adan(w, lr=0.02, betas=(0.9, 0.8, 0.95), weight_decay=0.1),
        ),
        (
            {"learning_rate": 0.02, "epsilon": 1e-4, "proximal": False, "weight_decay": 0.1},
            lambda w: Adan(w, lr=0.02, eps=1e-4, no_prox=True, weight_decay=0.1),
        ),
    ],
)
golden["yogi.against"] = f"pytorch_optimizer.Yogi ({PO})"
keep(
    golden,
    "yogi",
    [
        ({}, Yogi),
        (
            {
                "learning_rate": 0.05,
                "beta_1": 0.8,
                "beta_2": 0.95,
                "epsilon": 1e-2,
                "initial_accumulator_value": 0.1,
                "debias_momentum": False,
                "weight_decay": 0.1,
            },
            lambda w: Yogi(
                w,
                lr=0.05,
                betas=(0.8, 0.95),
                eps=1e-2,
                initial_accumulator=0.1,
                adam_debias=True,
                weight_decay=0.1,
            ),
        ),
    ],
)
golden["laprop.against"] = f"timm.optim.LaProp ({TIMM})"
keep(
    golden,
    "laprop",
    [
        ({}, LaProp),
        (
            {"learning_rate": 0.02, "beta_1": 0.95, "beta_2": 0.8, "epsilon": 1e-4, "weight_decay": 0.1},
            lambda w: LaProp(w, lr=0.02, betas=(0.95, 0.8), eps=1e-4, weight_decay=0.1),
        ),
    ],
)
golden["adopt.against"] = f"timm.optim.Adopt(decoupled=True) ({TIMM})"
keep(
    golden,
    "adopt",
    [
        ({}, lambda w: Adopt(w, decoupled=True)),
        (
            {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-2, "weight_decay": 0.1},
            lambda w: Adopt(w, lr=0.02, betas=(0.8, 0.95), eps=1e-2, weight_decay=0.1, decoupled=True),
        ),
        (
            {"learning_rate": 0.005, "clip_exponent": None},
            lambda w: Adopt(w, lr=0.005, clip_exp=None, decoupled=True),
        ),
    ],
)
golden["ademamix.against"] = f"pytorch_optimizer.AdEMAMix(weight_decouple=True) ({PO})"
keep(
    golden,
    "ademamix",
    [
        ({}, lambda w: AdEMAMix(w, weight_decouple=True)),
        (
            {
                "learning_rate": 0.01,
                "beta_1": 0.8,
                "beta_2": 0.95,
                "beta_3": 0.99,
                "alpha": 2.0,
                "warmup_steps": 60,
                "weight_decay": 0.1,
            },
            lambda w: AdEMAMix(
                w,
                lr=0.01,
                betas=(0.8, 0.95, 0.99),
                alpha=2.0,
                t_alpha_beta3=60,
                weight_decay=0.1,
                weight_decouple=True,
            ),
        ),
    ],
)
np.savez_compressed(Path(__file__).with_name("optimizers_adaptive.npz"), **golden)
