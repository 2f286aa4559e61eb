# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "kornia==0.9.0", "numpy"]
# ///
"""Losses between numbers by PyTorch and kornia: `uv run tests/golden/make_regression_losses.py`."""

import json
from pathlib import Path

import kornia
import numpy as np
import torch
from kornia import losses as kl
from torch import nn

TORCH, KORNIA = f"torch {torch.__version__.partition('+')[0]}", f"kornia {kornia.__version__}"
generator = np.random.default_rng(0)
golden = {}


def keep(name, against, arguments, function, y_true, y_pred):
    """One more case of a part: `function` takes the prediction first, as PyTorch does."""
    number = sum(key.startswith(f"{name}.") and key.endswith(".arguments") for key in golden)
    prediction = torch.tensor(y_pred, requires_grad=True)
    loss = function(prediction, torch.tensor(y_true))
    loss.backward()
    golden[f"{name}.against"] = against
    prefix = f"{name}.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()


def scaled(function, scale):
    """kornia's have no scale: it goes into the numbers."""
    return lambda y_pred, y_true: function(y_pred / scale, y_true / scale, reduction="mean")


for shape, scale in (((5, 7), 1.0), ((3, 4, 5, 1), 0.3)):
    y_true = generator.normal(size=shape)
    y_pred = y_true + generator.normal(scale=2, size=shape)
    y_pred.flat[0] = y_true.flat[0]
    keep("l1", f"torch.nn.L1Loss ({TORCH})", {}, nn.L1Loss(), y_true, y_pred)
    keep("l2", f"torch.nn.MSELoss ({TORCH})", {}, nn.MSELoss(), y_true, y_pred)
    for name in ("cauchy", "welsch", "geman_mcclure"):
        function = getattr(kl, f"{name}_loss")
        against = f"kornia.losses.{name}_loss ({KORNIA})"
        keep(name, against, {"scale": scale}, scaled(function, scale), y_true, y_pred)

    def charbonnier(y_pred, y_true, epsilon=scale):
        return epsilon * (1 + scaled(kl.charbonnier_loss, epsilon)(y_pred, y_true))

    against = f"kornia.losses.charbonnier_loss plus 1 ({KORNIA})"
    keep("charbonnier", against, {"epsilon": scale}, charbonnier, y_true, y_pred)

    counts, rate = generator.poisson(3, size=shape).astype("float64"), generator.uniform(0.05, 5, size=shape)
    counts.flat[:3] = 0, 1, 2
    for log_input, full in ((True, False), (False, False), (True, True), (False, True)):
        y_pred = np.log(rate) if log_input else rate
        loss = nn.PoissonNLLLoss(log_input=log_input, full=full)
        arguments = {"log_input": log_input, "full": full}
        keep("poisson_nll", f"torch.nn.PoissonNLLLoss ({TORCH})", arguments, loss, counts, y_pred)

np.savez_compressed(Path(__file__).with_name("regression_losses.npz"), **golden)
