# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "kornia==0.9.0", "numpy"]
# ///
"""Sums of losses by PyTorch and kornia: `uv run tests/golden/make_mixed_losses.py` writes mixed_losses.npz."""

import json
from importlib.metadata import version
from pathlib import Path

import kornia
import numpy as np
import torch

KORNIA, TORCH = f"kornia {version('kornia')}", f"torch {torch.__version__.partition('+')[0]}"
generator = np.random.default_rng(0)
golden = {
    "depth_mixture.against": f"torch.nn.functional.l1_loss ({TORCH}), kornia.losses.ssim_loss ({KORNIA})",
    "weighted_sum.against": f"torch.nn.L1Loss, MSELoss, SmoothL1Loss ({TORCH})",
}


def channels_first(pictures):
    return pictures.movedim(-1, 1)


def keep(part, number, arguments, y_true, y_pred, function):
    target, prediction = torch.tensor(y_true), torch.tensor(y_pred, requires_grad=True)
    loss = function(target, prediction)
    loss.backward()
    prefix = f"{part}.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()


def structure_by_kornia(max_val):
    def loss(target, prediction):
        pair = channels_first(prediction), channels_first(target)
        return kornia.losses.ssim_loss(*pair, 11, max_val, eps=0.0, padding="valid")

    return loss


def mixture(weights, max_val):
    """Absolute error, differences of neighbours where both are seen, structure."""

    def loss(target, prediction):
        seen = target > 0
        filled = torch.where(seen, prediction, target)
        total = 0.0
        for one, picture, there in zip(target, filled, seen, strict=True):
            total = total + weights[0] * torch.nn.functional.l1_loss(picture[there], one[there])
            error = picture - one
            for axis in (0, 1):
                both = there.narrow(axis, 1, there.shape[axis] - 1) & there.narrow(
                    axis, 0, there.shape[axis] - 1
                )
                total = total + weights[1] * error.diff(dim=axis)[both].abs().mean()
        structure = structure_by_kornia(max_val)(target, filled)
        return total / len(target) + weights[2] * structure

    return loss


def depths(shape):
    """Errors of 1/64 to a half, of which no two are equal: there the slopes would have no one gradient."""
    y_true = generator.integers(64, 129, size=shape) / 64
    error = np.stack([generator.permutation(np.arange(1, 1 + np.prod(shape[1:]))) for _ in range(shape[0])])
    return y_true, y_true + error.reshape(shape) / 128


y_true, y_pred = depths((1, 12, 11, 1))
keep("depth_mixture", 0, {}, y_true, y_pred, mixture((0.1, 1.0, 1.0), 10.0))
y_true, y_pred = depths((2, 11, 13, 1))
y_true[generator.uniform(size=y_true.shape) < 0.2] = 0
arguments = {"depth_weight": 1.0, "gradient_weight": 0.5, "ssim_weight": 2.0, "max_val": 4.0}
keep("depth_mixture", 1, arguments, y_true, y_pred, mixture((1.0, 0.5, 2.0), 4.0))


def reals(shape):
    return generator.normal(size=(2, *shape))


arguments = {"losses": ["l1", "l2"], "weights": [1.0, 0.5]}
keep(
    "weighted_sum",
    0,
    arguments,
    *reals((6, 5)),
    lambda y, p: torch.nn.L1Loss()(p, y) + 0.5 * torch.nn.MSELoss()(p, y),
)
arguments = {"losses": ["smooth_l1", "mean_squared_error", "l1"]}
keep(
    "weighted_sum",
    1,
    arguments,
    *reals((2, 4, 3, 1)),
    lambda y, p: torch.nn.SmoothL1Loss()(p, y) + torch.nn.MSELoss()(p, y) + torch.nn.L1Loss()(p, y),
)
np.savez_compressed(Path(__file__).with_name("mixed_losses.npz"), **golden)
