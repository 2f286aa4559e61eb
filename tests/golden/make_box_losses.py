# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "numpy"]
# ///
"""Losses between boxes by torchvision: `uv run tests/golden/make_box_losses.py` writes box_losses.npz."""

import json
from pathlib import Path

import numpy as np
import torch

library = torch.library.Library(
    "torchvision", "DEF"
)  # what torchvision wants even where its operators aren't built
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402
from torchvision.ops import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss  # noqa: E402
from torchvision.ops._utils import _loss_inter_union  # noqa: E402

VERSION = f"torchvision {torchvision.__version__.partition('+')[0]}"


def iou_loss(boxes1, boxes2, reduction, eps=1e-7):
    shared, union = _loss_inter_union(boxes1, boxes2)
    return (1 - shared / (union + eps)).mean()


FUNCTIONS = {
    "iou": (iou_loss, "intersection and union of torchvision.ops"),
    "giou": (generalized_box_iou_loss, "torchvision.ops.generalized_box_iou_loss"),
    "diou": (distance_box_iou_loss, "torchvision.ops.distance_box_iou_loss"),
    "ciou": (complete_box_iou_loss, "torchvision.ops.complete_box_iou_loss"),
}
generator = np.random.default_rng(0)
golden = {}
for number, (epsilon, shape) in enumerate([(1e-7, (12,)), (0.01, (2, 5))]):
    # Multiples of 1/8, predictions half of one further: edges never coincide, not even in bfloat16.
    corner = generator.integers(0, 8, size=(2, *shape, 2)) / 8
    y_true, y_pred = np.concatenate(
        [corner, corner + generator.integers(2, 8, size=corner.shape) / 8], axis=-1
    )
    y_pred += 1 / 16
    y_pred[..., -1, :] += 3  # far away
    for name, (function, source) in FUNCTIONS.items():
        if name == "ciou":
            epsilon = 1e-7  # torchvision's doesn't hand another one on to its first terms
        prediction = torch.tensor(y_pred, requires_grad=True)
        loss = function(prediction, torch.tensor(y_true), reduction="mean", eps=epsilon)
        loss.backward()
        golden[f"{name}.against"] = f"{source} ({VERSION})"
        prefix = f"{name}.{number}"
        golden[f"{prefix}.arguments"] = json.dumps({"epsilon": epsilon})
        golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
        golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()
np.savez_compressed(Path(__file__).with_name("box_losses.npz"), **golden)
