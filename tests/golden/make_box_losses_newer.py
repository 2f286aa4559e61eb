# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Newer losses between boxes as their papers write them, differentiated by PyTorch:
`uv run tests/golden/make_box_losses_newer.py` writes box_losses_newer.npz."""

import json
import math
from pathlib import Path

import numpy as np
import torch

SOURCE = f"the paper's formula, differentiated by torch {torch.__version__.partition('+')[0]}"


class Pair:
    """What the papers call the quantities of a predicted box and its target."""

    def __init__(self, prediction, target):
        both = torch.stack([prediction, target])
        lower, upper = both[..., :2], both[..., 2:]
        shared = (upper.amin(0) - lower.amax(0)).clamp(min=0).prod(-1)
        self.sizes = upper - lower
        self.union = self.sizes.prod(-1).sum(0) - shared
        self.iou = shared / self.union
        self.around = upper.amax(0) - lower.amin(0)
        self.between = ((lower + upper) / 2).diff(dim=0)[0]
        self.distance = (self.between**2).sum(-1) / (self.around**2).sum(-1)


def eiou(prediction, target):
    pair = Pair(prediction, target)
    sides = (pair.sizes.diff(dim=0)[0] ** 2 / pair.around**2).sum(-1)
    return 1 - pair.iou + pair.distance + sides


def siou(prediction, target, theta=4.0):
    pair = Pair(prediction, target)
    sine = pair.between.abs()[..., 1] / pair.between.norm(dim=-1)
    angle = 1 - 2 * torch.sin(torch.arcsin(sine) - math.pi / 4) ** 2
    rho = (pair.between / pair.around) ** 2
    distance = (1 - torch.exp(-(2 - angle)[..., None] * rho)).sum(-1)
    omega = pair.sizes.diff(dim=0)[0].abs() / pair.sizes.amax(0)
    shape = ((1 - torch.exp(-omega)) ** theta).sum(-1)
    return 1 - pair.iou + (distance + shape) / 2


def alpha_iou(prediction, target, alpha=3.0, penalty="iou"):
    pair = Pair(prediction, target)
    loss = 1 - pair.iou**alpha
    if penalty == "giou":
        area = pair.around.prod(-1)
        return loss + ((area - pair.union) / area) ** alpha
    if penalty != "iou":
        loss = loss + pair.distance**alpha
    if penalty == "ciou":
        width, height = pair.sizes.unbind(-1)
        v = 4 / math.pi**2 * torch.arctan(width / height).diff(dim=0)[0] ** 2
        loss = loss + ((v / (1 - pair.iou + v)).detach() * v) ** alpha
    return loss


CASES = {
    eiou: [{}],
    siou: [{}, {"theta": 2.0}],
    alpha_iou: [{}, {"alpha": 2.0, "penalty": "giou"}, {"alpha": 1.5, "penalty": "ciou"}],
}
generator = np.random.default_rng(0)
golden = {}
for function, settings in CASES.items():
    name = function.__name__
    golden[f"{name}.against"] = SOURCE
    for number, arguments in enumerate(settings):
        # Multiples of 1/8, predictions a bit further: edges never coincide, not even in bfloat16.
        corner = generator.integers(0, 4, size=(2, 2, 6, 2)) / 8
        y_true, y_pred = np.concatenate(
            [corner, corner + generator.integers(3, 9, size=corner.shape) / 8], axis=-1
        )
        y_pred += np.array([1, 2, 2, 1]) / 32
        y_pred[0, -1] += [2, 1, 2, 1]  # far away
        prediction = torch.tensor(y_pred, requires_grad=True)
        loss = function(prediction, torch.tensor(y_true), **arguments).mean()
        loss.backward()
        prefix = f"{name}.{number}"
        # The papers add nothing to what they divide by.
        golden[f"{prefix}.arguments"] = json.dumps({**arguments, "epsilon": 1e-15})
        golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
        golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()
np.savez_compressed(Path(__file__).with_name("box_losses_newer.npz"), **golden)
