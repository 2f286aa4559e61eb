# /// script
# requires-python = ">=3.11"
# dependencies = ["torchmetrics==1.9.0", "pytorch-msssim==1.0.0", "torch==2.13.0", "numpy"]
# ///
"""Metrics of pictures by torchmetrics and pytorch_msssim: `uv run tests/golden/make_image_metrics.py`.

It writes image_metrics.npz beside itself. Weights are whole numbers: the references have none, and are given each
picture that many times.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytorch_msssim
import torch
import torchmetrics
from torchmetrics.functional import image as tm

generator = np.random.default_rng(0)


def case(part, reference, shape, weighted=False, scale=1.0, **arguments):
    """Keeps one case; the reference is called with pictures that are there as often as they weigh."""
    number = sum(key.startswith(f"{part}.") and key.endswith(".value") for key in golden)
    y_true = generator.uniform(size=shape)
    noise = generator.normal(scale=0.2, size=shape)
    y_true, y_pred = np.float16(y_true * scale), np.float16(np.clip(y_true + noise, 0, 1) * scale)
    weight = generator.integers(1, 4, size=shape[0]) if weighted else np.ones(shape[0], int)
    target, prediction = (
        torch.tensor(np.repeat(each, weight, axis=0)).double().movedim(-1, 1) for each in (y_true, y_pred)
    )
    value = reference(prediction, target).numpy()
    kept = {
        "arguments": json.dumps(arguments),
        "y_true": y_true,
        "y_pred": y_pred,
        "value": np.float64(value),
    }
    if weighted:
        kept["sample_weight"] = np.float32(weight)
    golden.update({f"{part}.{number}.{key}": each for key, each in kept.items()})


version = f"torchmetrics {torchmetrics.__version__}"
AGAINST = {
    "psnr": f"torchmetrics.functional.image.peak_signal_noise_ratio ({version})",
    # torchmetrics reflects the picture at its borders, pytorch_msssim looks inside of it only.
    "ssim": f"torchmetrics.image.StructuralSimilarityIndexMeasure ({version}), pytorch_msssim.ssim (1.0.0)",
    "ms_ssim": "pytorch_msssim.ms_ssim (1.0.0)",
}
golden = {f"{part}.against": text for part, text in AGAINST.items()}
psnr = tm.peak_signal_noise_ratio
case("psnr", partial(psnr, data_range=255.0), (8, 4, 4, 3), True, 255.0, max_val=255.0)
case("psnr", partial(psnr, data_range=1.0, dim=(1, 2, 3)), (8, 4, 4, 1), True, max_val=1.0, per_image=True)
small, window = {"sigma": 0.5, "window_size": 5}, {"win_sigma": 0.5, "win_size": 5}
ssim = partial(tm.structural_similarity_index_measure, data_range=255.0, sigma=0.5)
case("ssim", ssim, (4, 7, 6, 2), True, 255.0, max_val=255.0, padding="same", **small)
case("ssim", partial(pytorch_msssim.ssim, data_range=1.0), (4, 14, 12, 2), True)
small["window_size"] = window["win_size"] = 3
for weights in ([0.2, 0.3, 0.5], [0.3, 0.7]):
    function = partial(pytorch_msssim.ms_ssim, data_range=1.0, weights=weights, **window)
    case("ms_ssim", function, (3, 36, 36, 1), True, weights=weights, **small)

np.savez_compressed(Path(__file__).with_name("image_metrics.npz"), **golden)
