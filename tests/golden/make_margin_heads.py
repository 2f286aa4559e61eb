# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy", "pytorch-metric-learning==2.9.0"]
# ///
"""Losses with centres by others: `uv run tests/golden/make_margin_heads.py` writes margin_heads.npz beside itself.

Values, and gradients by embeddings and centres, are pytorch_metric_learning's in float64. That has no CurricularFace:
its golden is the paper's formula, differentiated by PyTorch.
"""

import json
from pathlib import Path

import numpy as np
import torch
from pytorch_metric_learning import losses

CLASSES, DIM = 4, 5
LABELS = torch.tensor([0, 1, 2, 0, 1, 0, 2])  # nobody is of class 3
generator = np.random.default_rng(0)
golden = {}


def numbers(*shape):
    """Numbers that half precision holds exactly: what its tests measure is then the loss, not the rounding of these."""
    return np.clip(np.round(generator.normal(size=shape) * 32), -127, 127) / 32


def curricular(embeddings, centres, margin=28.6, scale=64.0, momentum=0.99, hardness=0.0):
    m = torch.deg2rad(torch.tensor(margin, dtype=torch.float64))
    cosine = torch.nn.functional.normalize(embeddings) @ torch.nn.functional.normalize(centres).T
    rows = torch.arange(len(LABELS))
    own = cosine[rows, LABELS]
    hardness = momentum * hardness + (1 - momentum) * own.mean().item()
    shifted = torch.cos(torch.acos(own) + m)
    hard = (cosine > shifted[:, None]) & (torch.nn.functional.one_hot(LABELS, CLASSES) == 0)
    logits = torch.where(hard, cosine * (hardness + cosine), cosine)
    logits[rows, LABELS] = torch.where(own > torch.cos(torch.pi - m), shifted, own - m * torch.sin(m))
    return torch.nn.functional.cross_entropy(scale * logits, LABELS), hardness


CASES = {
    "arc_face": (losses.ArcFaceLoss, ({}, {"margin": 70.0, "scale": 4.0})),
    "cos_face": (losses.CosFaceLoss, ({}, {"margin": 0.5, "scale": 2.0})),
    "sphere_face": (losses.SphereFaceLoss, ({}, {"margin": 3, "scale": 0.5})),
    "sub_center_arc_face": (
        losses.SubCenterArcFaceLoss,
        ({}, {"sub_centers": 2, "margin": 45.0, "scale": 8.0}),
    ),
    "proxy_nca": (losses.ProxyNCALoss, ({}, {"scale": 3.0})),
    "proxy_anchor": (losses.ProxyAnchorLoss, ({}, {"margin": 0.25, "scale": 4.0})),
    "curricular_face": (None, ({"momentum": 0.5}, {"margin": 60.0, "scale": 4.0, "momentum": 0.25})),
}
NAMES = {"proxy_nca": {"scale": "softmax_scale"}, "proxy_anchor": {"scale": "alpha"}}
for part, (reference, settings) in CASES.items():
    golden[f"{part}.against"] = (
        f"pytorch_metric_learning.losses.{reference.__name__} 2.9.0"
        if reference
        else "the paper's formula, differentiated by PyTorch in float64"
    )
    for number, arguments in enumerate(settings):
        each = arguments.get("sub_centers", 3) if part.startswith("sub") else 1
        embeddings = torch.tensor(numbers(len(LABELS), DIM), requires_grad=True)
        centres = torch.tensor(numbers(CLASSES * each, DIM), requires_grad=True)
        kept = {}
        if reference is None:
            value, kept["hardness"] = curricular(embeddings, centres, **arguments)
        else:
            renamed = {NAMES.get(part, {}).get(key, key): given for key, given in arguments.items()}
            loss = reference(num_classes=CLASSES, embedding_size=DIM, **renamed)
            proxies = part.startswith("proxy")
            weight = torch.nn.Parameter(centres.detach() if proxies else centres.detach().T.clone())
            setattr(loss, "proxies" if proxies else "W", weight)
            value = loss(embeddings, LABELS)
        value.backward()
        if reference is not None:
            centres.grad = weight.grad if proxies else weight.grad.T
        kept |= {
            "arguments": json.dumps({"num_classes": CLASSES, **arguments}),
            "labels": LABELS.numpy(),
            "embeddings": embeddings.detach().numpy(),
            "centres": centres.detach().numpy(),
            "value": value.item(),
            "gradient": embeddings.grad.numpy(),
            "centres_gradient": centres.grad.numpy(),
        }
        golden |= {f"{part}.{number}.{what}": array for what, array in kept.items()}
# The model that has such a head: embeddings, loss, and all weights before and after one step of gradient descent.
hidden, embedding = torch.nn.Linear(6, 8).double(), torch.nn.Linear(8, DIM).double()
loss = losses.ArcFaceLoss(num_classes=CLASSES, embedding_size=DIM)
for weight in (hidden.weight, hidden.bias, embedding.weight, embedding.bias, loss.W):
    weight.data = torch.tensor(numbers(*weight.shape)) / 2
inputs = torch.tensor(numbers(len(LABELS), 6), requires_grad=True)


def all_weights():
    each = (hidden.weight.T, hidden.bias, embedding.weight.T, embedding.bias, loss.W.T)
    return np.concatenate([weight.detach().numpy().ravel() for weight in each])


outputs = embedding(torch.relu(hidden(inputs)))
before, value = all_weights(), loss(outputs, LABELS)
value.backward()
torch.optim.SGD([*hidden.parameters(), *embedding.parameters(), loss.W], lr=0.01).step()
golden["metric_learner.against"] = (
    f"torch.nn (torch {torch.__version__.partition('+')[0]}) and ArcFaceLoss 2.9.0"
)
golden |= {
    f"metric_learner.0.{what}": array
    for what, array in {
        "arguments": json.dumps({"input_shape": [6], "num_classes": CLASSES, "dim": DIM}),
        "inputs": inputs.detach().numpy(),
        "labels": LABELS.numpy(),
        "value": outputs.detach().numpy(),
        "loss": value.item(),
        "gradient": inputs.grad.numpy(),
        "before": before,
        "after": all_weights(),
    }.items()
}
np.savez_compressed(Path(__file__).with_name("margin_heads.npz"), **golden)
