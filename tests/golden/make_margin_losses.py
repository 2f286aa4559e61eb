# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "coral-pytorch==1.4.0", "entmax==1.3", "numpy"]
# ///
"""Losses by PyTorch, coral-pytorch and entmax: `uv run tests/golden/make_margin_losses.py`.

It writes margin_losses.npz beside itself.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from coral_pytorch.losses import coral_loss, corn_loss
from entmax import SparsemaxLoss
from torch import nn

generator = np.random.default_rng(0)
golden = {}


def keep(name, of, package, arguments, function, y_true, y_pred, *target):
    """One more case of a part: `function` takes the prediction first, as PyTorch does, and then its targets."""
    number = sum(key.startswith(f"{name}.") and key.endswith(".arguments") for key in golden)
    prediction = torch.tensor(y_pred, requires_grad=True)
    loss = function(prediction, *(target or [torch.tensor(y_true)]))
    loss.backward()
    golden[f"{name}.against"] = f"{of} ({package} {version(package).partition('+')[0]})"
    prefix = f"{name}.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()


def scores(*shape):
    return generator.normal(scale=2, size=shape)


def signs(*shape):
    return generator.choice([-1.0, 1.0], size=shape)


def gaussian(prediction, y_true, n, log_variance, full):
    """The mean and the variance of PyTorch's are two arguments."""
    spread = prediction[..., n:]
    if log_variance:  # a variance that is too small counts as the smallest, with the slope of that
        spread = (spread + (np.log(1e-2) - spread.detach()).clamp(min=0)).exp()
    return nn.GaussianNLLLoss(full=full, eps=1e-2)(prediction[..., :n], torch.tensor(y_true), spread)


of = "torch.nn.GaussianNLLLoss"
for log_variance, full, shape in ((False, False, (6, 2)), (True, True, (2, 3, 2)), (False, True, (6, 2))):
    y_true, mean, variance = scores(*shape), scores(*shape), generator.uniform(0.1, 3, size=shape)
    variance.flat[0] = 1e-3
    y_pred = np.concatenate([mean, np.log(variance) if log_variance else variance], axis=-1)
    arguments = {"log_variance": log_variance, "full": full, "epsilon": 1e-2}
    keep(
        "gaussian_nll",
        of,
        "torch",
        arguments,
        gaussian,
        y_true,
        y_pred,
        y_true,
        shape[-1],
        log_variance,
        full,
    )

WEIGHTS, of = [0.5, 2.0, 1.0, 0.25], "torch.nn.MultiMarginLoss"
weight = torch.tensor(WEIGHTS, dtype=torch.float64)
for arguments, loss in (
    ({}, nn.MultiMarginLoss()),
    ({"p": 2, "margin": 0.5}, nn.MultiMarginLoss(p=2, margin=0.5)),
    ({"margin": 2.0, "class_weights": WEIGHTS}, nn.MultiMarginLoss(margin=2.0, weight=weight)),
):
    keep("multi_margin", of, "torch", arguments, loss, generator.integers(0, 4, size=6), scores(6, 4))

y_true = (generator.uniform(size=(6, 4)) < 0.4).astype("float64")
y_true[0], y_true[1] = 0, 1
numbers = torch.tensor([[*np.flatnonzero(row), *[-1] * 4][:4] for row in y_true])
of, loss = "torch.nn.MultiLabelMarginLoss", nn.MultiLabelMarginLoss()
keep("multilabel_margin", of, "torch", {}, loss, y_true, scores(6, 4), numbers)


def ranking(prediction, target, margin):
    return nn.MarginRankingLoss(margin=margin)(prediction[..., 0], prediction[..., 1], target)


for shape, margin in (((6, 4), 1.0), ((2, 3, 4), 0.3)):
    y_true, arguments = signs(*shape), {"margin": margin}
    target = torch.tensor(y_true)
    keep("soft_margin", "torch.nn.SoftMarginLoss", "torch", {}, nn.SoftMarginLoss(), y_true, scores(*shape))
    of, loss = "torch.nn.HingeEmbeddingLoss", nn.HingeEmbeddingLoss(margin=margin)
    keep("hinge_embedding", of, "torch", arguments, loss, y_true, scores(*shape))
    of, y_pred = "torch.nn.MarginRankingLoss", scores(*shape, 2)
    keep("margin_ranking", of, "torch", arguments, ranking, y_true, y_pred, target, margin)

of = "coral_pytorch.losses.coral_loss"
for arguments in ({}, {"step_weights": WEIGHTS}):
    y_true = generator.integers(0, 5, size=6)
    target = [torch.tensor(y_true[:, None] > np.arange(4)).double(), *([weight] if arguments else [])]
    keep("coral", of, "coral-pytorch", arguments, coral_loss, y_true, scores(6, 4), *target)
of = "coral_pytorch.losses.corn_loss"
for rows, classes in ((6, 5), (6, 2)):
    y_true = generator.integers(0, classes, size=rows)
    y_pred, target = scores(rows, classes - 1), torch.tensor(y_true)
    keep("corn", of, "coral-pytorch", {}, corn_loss, y_true, y_pred, target, classes)

for rows, ignore_index in ((6, -100), (6, 2)):
    y_true = generator.integers(0, 4, size=rows)
    y_true[0] = 2
    loss, arguments = SparsemaxLoss(ignore_index=ignore_index), {"ignore_index": ignore_index}
    keep("sparsemax", "entmax.SparsemaxLoss", "entmax", arguments, loss, y_true, scores(rows, 4) / 2)

np.savez_compressed(Path(__file__).with_name("margin_losses.npz"), **golden)
