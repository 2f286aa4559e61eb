# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "segmentation-models-pytorch==0.6.0", "timm==1.0.31",
#   "monai==1.6.0", "scipy", "numpy"]
# ///
"""Losses of segmentation by segmentation_models_pytorch and MONAI:
`uv run tests/golden/make_segmentation_losses.py` writes segmentation_losses.npz."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

library = torch.library.Library(
    "torchvision", "DEF"
)  # what torchvision wants even where its operators aren't built
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import monai.losses  # noqa: E402
from segmentation_models_pytorch.losses import LovaszLoss, MCCLoss  # noqa: E402
from segmentation_models_pytorch.losses.lovasz import _lovasz_softmax  # noqa: E402

torch.Tensor.float = torch.Tensor.double  # both count in float32, whatever they are given
SMP = f"segmentation_models_pytorch {version('segmentation_models_pytorch')}"
MONAI = f"monai {version('monai')}"
generator = np.random.default_rng(0)
golden = {
    "lovasz_hinge.against": f"segmentation_models_pytorch.losses.LovaszLoss ({SMP})",
    "lovasz_softmax.against": f"segmentation_models_pytorch.losses.LovaszLoss ({SMP})",
    "mcc.against": f"segmentation_models_pytorch.losses.MCCLoss ({SMP})",
    "dice_ce.against": f"monai.losses.DiceCELoss ({MONAI})",
    "generalized_dice.against": f"monai.losses.GeneralizedDiceLoss ({MONAI})",
    "hausdorff_dt.against": f"monai.losses.HausdorffDTLoss ({MONAI})",
    "cl_dice.against": f"monai.losses.SoftclDiceLoss ({MONAI})",
}


def keep(part, number, arguments, y_true, y_pred, function):
    target, prediction = torch.tensor(y_true), torch.tensor(y_pred, requires_grad=True)
    loss = function(prediction, target)
    loss.backward()
    prefix = f"{part}.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()


def channels_first(pictures):
    return pictures.movedim(-1, 1)


def one_hot(numbers, classes):
    return torch.nn.functional.one_hot(numbers.long(), classes).double()


def masks(shape):
    return (generator.uniform(size=shape) < 0.4).astype("float64")


def numbers(shape, classes):
    return generator.integers(0, classes, size=shape)


def apart(shape):
    """Numbers from 0 to 1 of which no two are equal, exact in half precision, none of them a half."""
    return (2 * generator.permutation(128)[: np.prod(shape)].reshape(shape) + 1) / 256


# Lovász: margins of which no two are equal, so that there is one order.
mask = masks((2, 5, 6, 1))
keep("lovasz_hinge", 0, {}, mask, (2 * mask - 1) * (8 * apart(mask.shape) - 3), LovaszLoss("binary", True))
mask = masks((2, 3, 4, 1))
logits = (2 * mask - 1) * (8 * apart(mask.shape) - 3)
mask[0, :2, 1] = 255
arguments = {"per_image": False, "ignore_index": 255}
keep("lovasz_hinge", 1, arguments, mask, logits, LovaszLoss("binary", False, 255))


def multi_class(**arguments):
    def loss(prediction, target):
        target = target.argmax(-1) if target.ndim == prediction.ndim else target
        return _lovasz_softmax(channels_first(prediction), target, **arguments)

    return loss


def lovasz_of_logits(prediction, target):
    return LovaszLoss("multiclass", False, 255)(channels_first(prediction), target)


def probabilities(shape):
    return generator.dirichlet(np.ones(shape[-1]), size=shape[:-1])


keep("lovasz_softmax", 0, {}, numbers((2, 4, 5), 3), probabilities((2, 4, 5, 3)), multi_class(per_image=True))
labels = numbers((2, 3, 4), 4)
labels[labels == 1], labels[0, :2, 1] = 0, 255  # a class that isn't there, and pixels that don't count
arguments = {"from_logits": True, "per_image": False, "ignore_index": 255}
keep("lovasz_softmax", 1, arguments, labels, generator.normal(size=(2, 3, 4, 4)), lovasz_of_logits)
labels = np.eye(4)[numbers((2, 2, 3), 3)]
reference = multi_class(per_image=True, classes="all")
keep("lovasz_softmax", 2, {"present_only": False}, labels, probabilities((2, 2, 3, 4)), reference)


def correlation(smooth):
    def loss(prediction, target):
        pairs = [
            (prediction[i, ..., c][None], target[i, ..., c][None])
            for i in range(len(prediction))
            for c in range(prediction.shape[-1])
        ]
        return sum(MCCLoss(smooth)(*pair) for pair in pairs) / len(pairs)

    return loss


keep("mcc", 0, {}, masks((3, 4, 5, 1)), generator.uniform(size=(3, 4, 5, 1)), correlation(1e-5))
keep("mcc", 1, {"smooth": 0.5}, masks((2, 9, 2)), generator.uniform(size=(2, 9, 2)), correlation(0.5))


def dice_and_entropy(smooth, **arguments):
    def loss(prediction, target):
        if target.ndim < prediction.ndim:
            target = one_hot(target, prediction.shape[-1])
        several = prediction.shape[-1] > 1
        reference = monai.losses.DiceCELoss(
            softmax=several, sigmoid=not several, smooth_nr=2 * smooth, smooth_dr=2 * smooth, **arguments
        )
        return reference(channels_first(prediction), channels_first(target))

    return loss


keep("dice_ce", 0, {}, numbers((2, 4, 5), 3), generator.normal(size=(2, 4, 5, 3)), dice_and_entropy(1e-3))
arguments = {"dice_weight": 0.3, "ce_weight": 2.0, "include_background": False, "smooth": 0.5}
reference = dice_and_entropy(0.5, lambda_dice=0.3, lambda_ce=2.0, include_background=False)
keep(
    "dice_ce", 1, arguments, np.eye(4)[numbers((2, 3, 4), 4)], generator.normal(size=(2, 3, 4, 4)), reference
)
keep("dice_ce", 2, {}, masks((2, 3, 4, 1)), generator.normal(size=(2, 3, 4, 1)), dice_and_entropy(1e-3))


def generalized(weighting, smooth):
    """Picture by picture, so that what is added to the sums is in pixels whatever the weights are."""
    powers = {"square": 2, "simple": 1, "uniform": 0}

    def loss(prediction, target):
        if target.ndim < prediction.ndim:
            target = one_hot(target, prediction.shape[-1])
        total = 0.0
        for one, mask in zip(prediction, target, strict=True):
            sizes = mask.flatten(0, -2).sum(0)
            weights = torch.where(sizes > 0, sizes.clamp(min=1.0) ** -powers[weighting], 0)
            added = smooth * torch.where(sizes > 0, weights, weights.max()).sum().item()
            reference = monai.losses.GeneralizedDiceLoss(w_type=weighting, smooth_nr=added, smooth_dr=added)
            total = total + reference(channels_first(one[None]), channels_first(mask[None]))
        return total / len(prediction)

    return loss


labels = numbers((2, 4, 5), 3)
labels[1][labels[1] == 1] = 0  # a class that isn't there
keep("generalized_dice", 0, {}, labels, probabilities((2, 4, 5, 3)), generalized("square", 1e-3))
arguments = {"weighting": "simple", "smooth": 0.5}
keep("generalized_dice", 1, arguments, masks((2, 9, 2)), probabilities((2, 9, 2)), generalized("simple", 0.5))


def hausdorff(**arguments):
    def loss(prediction, target):
        if target.ndim < prediction.ndim:
            target = one_hot(target, prediction.shape[-1])
        reference = monai.losses.HausdorffDTLoss(**arguments)
        return reference(channels_first(prediction), channels_first(target))

    return loss


reference = hausdorff(include_background=True)
keep("hausdorff_dt", 0, {}, masks((1, 7, 8, 2)), apart((1, 7, 8, 2)), reference)
labels = numbers((2, 4, 5), 3)
labels[1][labels[1] == 2] = 0  # a mask without an edge
arguments = {"alpha": 1.5, "include_background": False}
keep("hausdorff_dt", 1, arguments, labels, apart((2, 4, 5, 3)), hausdorff(**arguments))
keep(
    "hausdorff_dt", 2, {}, masks((1, 4, 5, 3, 1)), apart((1, 4, 5, 3, 1)), hausdorff(include_background=True)
)


def centre_lines(iterations, smooth):
    def loss(prediction, target):
        reference = monai.losses.SoftclDiceLoss(iterations, smooth, smooth, smooth=1e-30)
        pairs = [(prediction[..., c : c + 1], target[..., c : c + 1]) for c in range(prediction.shape[-1])]
        return sum(reference(*map(channels_first, pair)) for pair in pairs) / len(pairs)

    return loss


keep("cl_dice", 0, {}, masks((1, 8, 7, 2)), apart((1, 8, 7, 2)), centre_lines(3, 1.0))
arguments = {"iterations": 1, "smooth": 0.1}
keep("cl_dice", 1, arguments, masks((1, 4, 5, 4, 1)), apart((1, 4, 5, 4, 1)), centre_lines(1, 0.1))
np.savez_compressed(Path(__file__).with_name("segmentation_losses.npz"), **golden)
