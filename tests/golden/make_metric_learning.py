# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "torch==2.13.0", "numpy", "pytorch-metric-learning==2.9.0", "lightly==1.6.0", "monai==1.6.1", "optax==0.2.8"
# ]
# ///
"""Losses on embeddings by others: `uv run tests/golden/make_metric_learning.py` writes metric_learning.npz.

Values and gradients are pytorch_metric_learning's and lightly's, in float64; optax, monai and PyTorch are asked too
where they have the same loss, and must agree.
"""

import importlib.util
import json
from pathlib import Path

import jax
import numpy as np
import optax
import torch
from monai.losses import ContrastiveLoss
from pytorch_metric_learning import distances, losses, miners

jax.config.update("jax_enable_x64", True)
generator = np.random.default_rng(0)
LABELS = np.array([0, 1, 0, 2, 1, 3, 2, 0])
version = torch.__version__.partition("+")[0]
golden = {}


def lightly_loss(name):
    """A loss of lightly, without what the rest of that package imports."""
    (folder,) = importlib.util.find_spec("lightly").submodule_search_locations
    spec = importlib.util.spec_from_file_location(name, Path(folder) / "loss" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def embeddings(*shape):
    """Numbers that half precision holds exactly: what its tests measure is then the loss, not the rounding of these."""
    return np.clip(np.round(generator.normal(size=shape) * 32), -127, 127) / 32


def keep(part, number, arguments, y_true, y_pred, loss, against="pytorch_metric_learning"):
    prediction = torch.tensor(y_pred, requires_grad=True)
    value = loss(prediction)
    value.backward()
    golden[f"{part}.against"] = against
    for what, array in {
        "arguments": json.dumps(arguments),
        "y_true": y_true,
        "y_pred": y_pred,
        "value": value.item(),
        "gradient": prediction.grad.numpy(),
    }.items():
        golden[f"{part}.{number}.{what}"] = array
    return value.item()


def pml(loss, miner=None):
    labels = torch.tensor(LABELS)
    return lambda y: loss(y, labels, miner(y, labels) if miner else None)


def euclidean(normalize=True, power=1):
    return distances.LpDistance(normalize_embeddings=normalize, power=power)


PML = "pytorch_metric_learning.losses.{} 2.9.0"
CASES = {
    "contrastive": [
        ({}, losses.ContrastiveLoss()),
        (
            {"margin": 2.5, "positive_margin": 0.5, "normalize": False},
            losses.ContrastiveLoss(pos_margin=0.5, neg_margin=2.5, distance=euclidean(False)),
        ),
    ],
    "n_pairs": [
        ({}, losses.NPairsLoss()),
        (
            {"normalize": False},
            losses.NPairsLoss(distance=distances.DotProductSimilarity(normalize_embeddings=False)),
        ),
    ],
    "lifted_structure": [
        ({}, losses.LiftedStructureLoss()),
        (
            {"margin": 2.0, "positive_margin": 0.25, "normalize": False},
            losses.LiftedStructureLoss(neg_margin=2, pos_margin=0.25, distance=euclidean(False)),
        ),
    ],
    "circle": [
        ({}, losses.CircleLoss()),
        ({"margin": 0.25, "gamma": 8.0}, losses.CircleLoss(m=0.25, gamma=8)),
    ],
    "multi_similarity": [
        ({}, losses.MultiSimilarityLoss()),
        (
            {"alpha": 3.0, "beta": 10.0, "base": 0.25, "epsilon": 0.1},
            losses.MultiSimilarityLoss(alpha=3, beta=10, base=0.25),
            miners.MultiSimilarityMiner(epsilon=0.1),
        ),
    ],
    "triplet_all": [
        ({"margin": 0.25}, losses.TripletMarginLoss(margin=0.25)),
        (
            {"margin": 4.0, "swap": True, "distance": "squared_euclidean", "normalize": False},
            losses.TripletMarginLoss(margin=4, swap=True, distance=euclidean(False, power=2)),
        ),
        (
            {"soft": True, "distance": "cosine"},
            losses.TripletMarginLoss(margin=0, smooth_loss=True, distance=distances.CosineSimilarity()),
        ),
    ],
    "nt_xent": [
        ({}, losses.NTXentLoss()),
        ({"temperature": 0.5}, losses.NTXentLoss(temperature=0.5)),
    ],
    "sup_con": [
        # The anchor without a partner has a loss of 0 there, and is left out of the mean.
        ({}, losses.SupConLoss()),
        ({"temperature": 0.5}, losses.SupConLoss(temperature=0.5)),
    ],
}
for part, cases in CASES.items():
    for number, (arguments, loss, *miner) in enumerate(cases):
        y_pred = embeddings(len(LABELS), 5)
        value = keep(
            part, number, arguments, LABELS, y_pred, pml(loss, *miner), PML.format(type(cases[0][1]).__name__)
        )
        if part == "nt_xent":
            other = optax.ntxent(
                jax.numpy.array(y_pred), jax.numpy.array(LABELS), **{"temperature": 0.07, **arguments}
            )
            assert abs(float(other) - value) < 1e-9, (other, value)

# Two views of each example; monai's loss is the same thing for those, and so is PyTorch's for a single triplet.
views = torch.tensor(embeddings(6, 5))
halves = losses.NTXentLoss(temperature=0.5)(views, torch.arange(6) % 3)
assert abs(ContrastiveLoss(temperature=0.5)(views[:3], views[3:]) - halves) < 1e-6
both = losses.TripletMarginLoss(margin=9, distance=euclidean(False))(views[:3], torch.tensor([0, 0, 1]))
near, far = views[[0, 1]], views[[1, 0]]
pytorch = torch.nn.functional.triplet_margin_loss(near, far, views[[2, 2]], margin=9, eps=0)
assert abs(both - pytorch) < 1e-9, (both, pytorch)

for number, arguments in enumerate(
    ({}, {"invariance": 2.0, "variance": 3.0, "covariance": 4.0, "epsilon": 0.01})
):
    names = {"invariance": "invariance_lambda", "variance": "variance_mu", "covariance": "covariance_v"}
    loss = losses.VICRegLoss(**{names.get(key, "eps"): value for key, value in arguments.items()})
    y_pred = embeddings(7, 2, 4)
    if not arguments:
        first, second = torch.tensor(y_pred).unbind(1)
        assert (
            abs(loss(first, ref_emb=second) - lightly_loss("vicreg_loss").VICRegLoss()(first, second)) < 1e-9
        )
    keep(
        "vicreg",
        number,
        arguments,
        np.arange(7),
        y_pred,
        lambda y, loss=loss: loss(y[:, 0], ref_emb=y[:, 1]),
        PML.format("VICRegLoss"),
    )
for number, arguments in enumerate(({}, {"weight": 0.25})):
    loss = lightly_loss("barlow_twins_loss").BarlowTwinsLoss(arguments.get("weight", 5e-3))
    y_pred = embeddings(7, 2, 4)
    keep(
        "barlow_twins",
        number,
        arguments,
        np.arange(7),
        y_pred,
        lambda y, loss=loss: loss(y[:, 0], y[:, 1]),
        "lightly.loss.BarlowTwinsLoss 1.6.0",
    )
np.savez_compressed(Path(__file__).with_name("metric_learning.npz"), **golden)
