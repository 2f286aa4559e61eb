# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorch_optimizer==4.1.0", "numpy"]
# ///
"""Adai, Ranger and Scion on the walk: writes optimizers_last.npz beside itself."""

import functools
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytorch_optimizer.optimizer.scion as scion
from pytorch_optimizer import SCION, Adai, Ranger
from walk import keep

PO = f"pytorch_optimizer {version('pytorch_optimizer')}"
# Their iterations are in bfloat16 otherwise.
rounded = scion.zero_power_via_newton_schulz_5


def exact(matrix, steps):
    return rounded(matrix, steps, dtype=matrix.dtype)


scion.zero_power_via_newton_schulz_5 = exact
golden = {
    "adai.against": f"pytorch_optimizer.Adai ({PO})",
    "ranger.against": f"pytorch_optimizer.Ranger(degenerated_to_sgd=True) ({PO})",
    "scion.against": f"pytorch_optimizer.SCION without its rounding to bfloat16 ({PO})",
}
keep(
    golden,
    "adai",
    [
        ({"learning_rate": 0.1}, lambda w: Adai(w, lr=0.1, foreach=False)),
        (
            {"learning_rate": 0.05, "beta_0": 0.3, "beta_2": 0.9, "epsilon": 0.05, "weight_decay": 0.1},
            lambda w: Adai(
                w, lr=0.05, betas=(0.3, 0.9), eps=0.05, weight_decay=0.1, weight_decouple=True, foreach=False
            ),
        ),
    ],
)
ranger = functools.partial(Ranger, degenerated_to_sgd=True, foreach=False)
keep(
    golden,
    "ranger",
    [
        ({}, ranger),
        (
            {
                "learning_rate": 0.02,
                "beta_1": 0.8,
                "beta_2": 0.95,
                "epsilon": 1e-3,
                "sync_period": 4,
                "slow_step": 0.8,
                "weight_decay": 0.1,
            },
            lambda w: ranger(w, lr=0.02, betas=(0.8, 0.95), eps=1e-3, k=4, alpha=0.8, weight_decay=0.1),
        ),
        ({"learning_rate": 0.02, "centralize": False}, lambda w: ranger(w, lr=0.02, use_gc=False)),
    ],
    transposed=True,
)


def by_sign(w, scale, **settings):
    return [
        SCION(w[:1], norm_type=scion.LMONorm.SIGN, scale=scale, foreach=False, **settings),
        SCION(w[1:], foreach=False, **settings),
    ]


keep(
    golden,
    "scion",
    [
        ({}, lambda w: SCION(w, foreach=False)),
        (
            {"learning_rate": 0.01, "momentum": 0.5, "scale": 2.0, "weight_decay": 0.1},
            lambda w: SCION(w, lr=0.01, momentum=0.5, scale=2.0, weight_decay=0.1, foreach=False),
        ),
        (
            {"learning_rate": 0.005, "scale": 3.0, "constrained": True},
            lambda w: SCION(w, lr=0.005, scale=3.0, constraint=True, foreach=False),
        ),
        (
            {"learning_rate": 0.002, "momentum": 0.5, "signed": ["weight_0"], "signed_scale": 4.0},
            lambda w: by_sign(w, 4.0, lr=0.002, momentum=0.5),
        ),
    ],
    transposed=True,
)
np.savez_compressed(Path(__file__).with_name("optimizers_last.npz"), **golden)
