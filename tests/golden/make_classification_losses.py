# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "timm==1.0.31", "kornia==0.9.0", "numpy"]
# ///
"""Losses of classification by timm, kornia and torchvision: `uv run tests/golden/make_classification_losses.py`.

It writes classification_losses.npz beside itself. timm turns everything to float32: here its `.float()` is `.double()`.
"""

import json
from pathlib import Path

import numpy as np
import torch

# torchvision, which timm imports, expects operators that aren't there beside a torch without a GPU.
operators = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import kornia  # noqa: E402
import timm  # noqa: E402
import torchvision  # noqa: E402
from timm import loss as timm_loss  # noqa: E402

torch.Tensor.float = torch.Tensor.double
generator = np.random.default_rng(0)
golden = {}


def keep(name, of, package, arguments, function, y_true, y_pred):
    """One more case of a part: `function` takes the prediction first, as PyTorch does."""
    number = sum(key.startswith(f"{name}.") and key.endswith(".arguments") for key in golden)
    prediction = torch.tensor(y_pred, requires_grad=True)
    loss = function(prediction, torch.tensor(y_true))
    loss.backward()
    golden[f"{name}.against"] = f"{of} ({package.__name__} {package.__version__.partition('+')[0]})"
    prefix = f"{name}.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()


def logits(*shape):
    return generator.normal(scale=2, size=shape)


def numbers(*shape, classes=4):
    return generator.integers(0, classes, size=shape)


def labels(*shape):
    return (generator.uniform(size=shape) < 0.4).astype("float64")


def soft(*shape):
    return generator.dirichlet(np.ones(shape[-1]), size=shape[:-1])


name, of = "soft_target_ce", "timm.loss.SoftTargetCrossEntropy"
keep(name, of, timm, {}, timm_loss.SoftTargetCrossEntropy(), soft(6, 4), logits(6, 4))
keep(name, of, timm, {}, timm_loss.SoftTargetCrossEntropy(), soft(2, 3, 4), logits(2, 3, 4))

name, of = "label_smoothing_ce", "timm.loss.LabelSmoothingCrossEntropy"
smoothing = timm_loss.LabelSmoothingCrossEntropy(0.1)
keep(name, of, timm, {"label_smoothing": 0.1}, smoothing, numbers(6), logits(6, 4))

name, of = "jsd", "timm.loss.JsdCrossEntropy"
for splits, alpha, smoothing in ((3, 12.0, 0.1), (2, 3.0, 0.0)):
    function = timm_loss.JsdCrossEntropy(num_splits=splits, alpha=alpha, smoothing=smoothing)
    arguments = {"splits": splits, "alpha": alpha, "label_smoothing": smoothing}
    keep(name, of, timm, arguments, function, numbers(6), logits(6, 4))

name, of = "poly", "timm.loss.PolyCrossEntropy"
poly = timm_loss.PolyCrossEntropy
keep(name, of, timm, {}, poly(), numbers(6), logits(6, 4))
arguments = {"epsilon": -1.0, "label_smoothing": 0.1}
keep(name, of, timm, arguments, poly(epsilon=-1.0, smoothing=0.1), numbers(6), logits(6, 4))
keep(name, of, timm, {"epsilon": 3.5}, poly(epsilon=3.5), soft(2, 3, 4), logits(2, 3, 4))

name, of = "binary_poly", "timm.loss.PolyBinaryCrossEntropy"
binary = timm_loss.PolyBinaryCrossEntropy
keep(name, of, timm, {}, binary(), labels(6, 4), logits(6, 4))
arguments = {"epsilon": -1.0, "gamma": 2.0, "alpha": 0.25}
keep(name, of, timm, arguments, binary(epsilon=-1.0, gamma=2.0, alpha=0.25), labels(6, 4), logits(6, 4))
arguments = {"epsilon": 1.5, "label_smoothing": 0.1}
keep(name, of, timm, arguments, binary(epsilon=1.5, smoothing=0.1), labels(2, 3, 4), logits(2, 3, 4))

name, of = "asymmetric", "timm.loss.AsymmetricLossMultiLabel"
asymmetric = timm_loss.AsymmetricLossMultiLabel
keep(name, of, timm, {}, asymmetric(), labels(6, 4), logits(6, 4))
function = asymmetric(gamma_neg=2.5, gamma_pos=0.5, clip=0, weight=torch.tensor([0.5, 2.0, 1.0, 0.25]))
arguments = {
    "gamma_negative": 2.5,
    "gamma_positive": 0.5,
    "clip": 0.0,
    "class_weights": [0.5, 2.0, 1.0, 0.25],
}
keep(name, of, timm, arguments, function, labels(6, 4), logits(6, 4))
function = asymmetric(gamma_neg=0, gamma_pos=0, clip=0.2, smoothing=0.1)
arguments = {"gamma_negative": 0.0, "gamma_positive": 0.0, "clip": 0.2, "label_smoothing": 0.1}
keep(name, of, timm, arguments, function, labels(6, 4), logits(6, 4))

name, of = "asymmetric_single_label", "timm.loss.AsymmetricLossSingleLabel"
single = timm_loss.AsymmetricLossSingleLabel
keep(name, of, timm, {}, single(), numbers(6), logits(6, 4))
arguments = {"gamma_positive": 0.5, "gamma_negative": 2.0, "label_smoothing": 0.3}
keep(name, of, timm, arguments, single(gamma_pos=0.5, gamma_neg=2.0, eps=0.3), numbers(6), logits(6, 4))

name, of = "zlpr", "timm.loss.ZlprLoss"
targets = labels(6, 4)
targets[0], targets[1] = 0, 1
keep(name, of, timm, {}, timm_loss.ZlprLoss(), targets, logits(6, 4))
keep(name, of, timm, {}, timm_loss.ZlprLoss(), labels(2, 3, 4), logits(2, 3, 4))

name, of = "two_way", "timm.loss.TwoWayLoss"
keep(name, of, timm, {}, timm_loss.TwoWayLoss(), targets, logits(6, 4))
arguments = {"positive_temperature": 1.0, "negative_temperature": 2.0}
targets = labels(6, 4)
targets[:, 1] = 0
keep(name, of, timm, arguments, timm_loss.TwoWayLoss(tp=1.0, tn=2.0), targets, logits(6, 4))

name, of = "distribution_balanced", "timm.loss.DistributionBalancedLoss"
balanced, counts = timm_loss.DistributionBalancedLoss, [40.0, 3.0, 11.0, 90.0]
targets = labels(6, 4)
targets[0] = 0
function = balanced(counts, 100).double()
# timm works these out in float32 when it is made
function.freq_inv = 1 / torch.tensor(counts, dtype=torch.float64)
function.logit_bias = -torch.log(100 * function.freq_inv - 1) * 0.05 / 2
keep(name, of, timm, {"class_counts": counts, "examples": 100}, function, targets, logits(6, 4))
more = {"map_alpha": 0.3, "map_beta": 5.0, "map_mu": 0.4}
function = balanced(counts, 200, **more, neg_scale=4.0, init_bias=0.1, focal_gamma=0.0, smoothing=0.1)
function.freq_inv = 1 / torch.tensor(counts, dtype=torch.float64)
function.logit_bias = -torch.log(200 * function.freq_inv - 1) * 0.1 / 4
arguments = {"class_counts": counts, "examples": 200, **more, "negative_scale": 4.0, "prior": 0.1}
arguments |= {"gamma": 0.0, "scale": 1.0, "label_smoothing": 0.1}
keep(name, of, timm, arguments, function, targets, logits(6, 4))

name, of = "focal", "kornia.losses.focal_loss, summed over its classes"
for gamma, alpha in ((2.0, None), (0.5, [0.5, 2.0, 1.0, 0.25]), (0.0, None)):
    weight = None if alpha is None else torch.tensor(alpha, dtype=torch.float64)

    def function(y_pred, y_true, gamma=gamma, weight=weight):
        each = kornia.losses.focal_loss(y_pred, y_true, alpha=None, gamma=gamma, weight=weight)
        return each.sum(1).mean()

    arguments = {"gamma": gamma, "alpha": alpha}
    keep(name, of, kornia, arguments, function, numbers(6), logits(6, 4))

name, of = "sigmoid_focal", "torchvision.ops.sigmoid_focal_loss"
for alpha, gamma, shape in ((0.25, 2.0, (6, 4)), (None, 0.5, (2, 3, 4)), (0.7, 0.0, (6, 4))):

    def function(y_pred, y_true, alpha=alpha, gamma=gamma):
        alpha = -1 if alpha is None else alpha
        return torchvision.ops.sigmoid_focal_loss(y_pred, y_true, alpha, gamma, reduction="mean")

    keep(name, of, torchvision, {"alpha": alpha, "gamma": gamma}, function, labels(*shape), logits(*shape))

np.savez_compressed(Path(__file__).with_name("classification_losses.npz"), **golden)
