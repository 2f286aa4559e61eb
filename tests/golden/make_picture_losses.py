# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "kornia==0.9.0", "pytorch-msssim==1.0.0", "numpy"]
# ///
"""Losses of pictures by kornia and others: `uv run tests/golden/make_picture_losses.py` writes picture_losses.npz."""

import json
from importlib.metadata import version
from pathlib import Path

import kornia
import numpy as np
import pytorch_msssim
import torch

KORNIA, MSSSIM = f"kornia {version('kornia')}", f"pytorch_msssim {version('pytorch_msssim')}"
generator = np.random.default_rng(0)
golden = {
    "ssim.against": f"kornia.losses.ssim_loss ({KORNIA}), pytorch_msssim.ssim ({MSSSIM})",
    "ms_ssim.against": f"pytorch_msssim.ms_ssim ({MSSSIM})",
    "edge_aware_smoothness.against": f"kornia.losses.inverse_depth_smoothness_loss ({KORNIA})",
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


def pictures(shape):
    """A picture and a noisy one, in steps of 1/64: half precision holds them exactly."""
    y_true = generator.integers(0, 65, size=shape)
    noise = generator.integers(-24, 25, size=shape)
    return y_true / 64, np.clip(y_true + noise, 0, 64) / 64


def by_kornia(window, max_val, padding):
    def loss(target, prediction):
        pair = channels_first(prediction), channels_first(target)
        return kornia.losses.ssim_loss(*pair, window, max_val, eps=0.0, padding=padding)

    return loss


def window(size, sigma, channels):
    """As pytorch_msssim makes it, but in float64."""
    weights = torch.exp(-((torch.arange(size, dtype=torch.float64) - size // 2) ** 2) / (2 * sigma**2))
    return (weights / weights.sum()).expand(channels, 1, 1, size)


def by_msssim(target, prediction):
    pair = channels_first(prediction), channels_first(target)
    similarity = pytorch_msssim.ssim(*pair, data_range=3.0, win=window(5, 1.0, 1), K=(0.02, 0.05))
    return (1 - similarity) / 2


def multi_scale(max_val, weights, k):
    def loss(target, prediction):
        pair = channels_first(prediction), channels_first(target)
        win = window(3, 1.5, pair[0].shape[1])
        return 1 - pytorch_msssim.ms_ssim(*pair, data_range=max_val, win=win, weights=weights, K=k)

    return loss


keep("ssim", 0, {}, *pictures((1, 12, 13, 2)), by_kornia(11, 1.0, "valid"))
arguments = {"padding": "same", "window_size": 7, "max_val": 2.0}
keep("ssim", 1, arguments, *pictures((1, 9, 8, 3)), by_kornia(7, 2.0, "same"))
arguments = {"window_size": 5, "sigma": 1.0, "k1": 0.02, "k2": 0.05, "max_val": 3.0}
keep("ssim", 2, arguments, *pictures((2, 7, 9, 1)), by_msssim)

weights, k = [0.2, 0.5, 0.3], (0.01, 0.03)
arguments = {"window_size": 3, "weights": weights}
keep("ms_ssim", 0, arguments, *pictures((1, 36, 36, 1)), multi_scale(1.0, weights, k))
weights, k = [0.6, 0.4], (0.02, 0.05)
arguments = {"window_size": 3, "weights": weights, "max_val": 2.0, "k1": k[0], "k2": k[1]}
keep("ms_ssim", 1, arguments, *pictures((1, 34, 34, 1)), multi_scale(2.0, weights, k))

for number, normalize in enumerate([False, True]):

    def smoothness(target, prediction, normalize=normalize):
        depth = channels_first(prediction)
        if normalize:
            depth = depth / depth.mean(dim=(2, 3), keepdim=True)
        return kornia.losses.inverse_depth_smoothness_loss(depth, channels_first(target))

    y_true = generator.integers(0, 65, size=(2, 5, 6, 3)) / 64
    # All different, also in half precision: at equal neighbours there is no one slope.
    y_pred = generator.permutation(60).reshape(2, 5, 6, 1) / 64 + 0.25
    keep("edge_aware_smoothness", number, {"normalize": normalize}, y_true, y_pred, smoothness)
np.savez_compressed(Path(__file__).with_name("picture_losses.npz"), **golden)
