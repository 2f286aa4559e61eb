# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "galore-torch==1.0", "apollo-torch==1.0.3", "numpy"]
# ///
"""GaLore and APOLLO of their authors on the walk of make_optimizers.py: writes optimizers_low_rank.npz."""

import sys
import types
from importlib.metadata import version
from pathlib import Path
from unittest import mock
from zlib import crc32

import numpy as np
import torch
from walk import keep

# What else these packages import isn't called here.
for name in ("transformers", "transformers.utils", "transformers.utils.versions", "bitsandbytes"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["transformers.utils.versions"].require_version = lambda text: None
for name in ("adafactor", "adamw8bit", "q_apollo"):
    for package in ("galore_torch", "apollo_torch"):
        sys.modules[f"{package}.{name}"] = mock.MagicMock()
from apollo_torch import APOLLOAdamW  # noqa: E402
from apollo_torch.random_projector import GradientProjector  # noqa: E402
from galore_torch import GaLoreAdamW  # noqa: E402
from galore_torch.galore_projector import GaLoreProjector  # noqa: E402

golden = {}
torch.Tensor.float = lambda self: self  # they decompose and draw in float32, whatever the weight
lapack = GaLoreProjector.get_orthogonal_matrix


def pointing(self, weights, rank, type):
    """Singular vectors, each pointing the way of the one before: the sign is LAPACK's otherwise."""
    vectors = lapack(self, weights, rank, type)
    if self.ortho_matrix is None:
        return vectors
    turned = (vectors * self.ortho_matrix).sum(dim=0 if type == "left" else 1, keepdim=True) < 0
    return torch.where(turned, -vectors, vectors)


GaLoreProjector.get_orthogonal_matrix = pointing


def mixed(bits):
    bits = np.uint32(bits)
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint32(16))) * np.uint32(0x7FEB352D)
        bits = (bits ^ (bits >> np.uint32(15))) * np.uint32(0x846CA68B)
    return bits ^ (bits >> np.uint32(16))


def normal(shape, seed, count):
    size = int(np.prod(shape))
    key = mixed(mixed(seed) ^ np.uint32(count))
    one, two = (
        ((mixed(mixed(np.arange(start, start + size)) ^ key) >> np.uint32(8)) + 0.5) / 2**24
        for start in (0, size)
    )
    return (np.sqrt(-2 * np.log(one)) * np.cos(2 * np.pi * two)).reshape(shape)


SEEDS = {seed: crc32(f"{seed} 0".encode()) >> 1 for seed in (0, 5)}


def drawn(self, weights, rank, type, seed):
    """A random matrix from the numbers that Keras's backends can all draw; short side × rank, as theirs are laid."""
    short = min(weights.shape)
    numbers = normal((short, rank), SEEDS[self.ours], self.drawings) / np.sqrt(rank)
    self.drawings += 1
    numbers = torch.tensor(numbers, dtype=weights.dtype)
    return numbers if type == "left" else numbers.T


GradientProjector.get_orthogonal_matrix = drawn
GradientProjector.drawings = 0


def low_rank(
    optimizer, weights, *, lr=0.001, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, ours=0, **group
):
    GradientProjector.ours = ours
    groups = [{"params": weights[:1], "proj_type": "std", **group}, {"params": weights[1:]}]
    return optimizer(
        groups, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, no_deprecation_warning=True
    )


def galore(**arguments):
    return lambda weights: low_rank(GaLoreAdamW, weights, **{"scale": 0.25, **arguments})


def apollo(**arguments):
    more = {"scale": 1.0, "scale_type": "channel", "proj": "random", **arguments}
    return lambda weights: low_rank(APOLLOAdamW, weights, **more)


OTHERS = {
    "learning_rate": 0.05,
    "beta_1": 0.8,
    "beta_2": 0.95,
    "epsilon": 1e-3,
    "update_gap": 10,
    "scale": 0.5,
    "weight_decay": 0.1,
}
THEIRS = {
    "lr": 0.05,
    "betas": (0.8, 0.95),
    "eps": 1e-3,
    "update_proj_gap": 10,
    "scale": 0.5,
    "weight_decay": 0.1,
}
golden["galore.against"] = (
    f"galore_torch.GaLoreAdamW (galore-torch {version('galore-torch')}) with singular vectors that keep their sign, "
    "without its rounding to float32"
)
# Gradients of rank 1, as in the trainings of the shared tests, say nothing about a second singular vector.
keep(
    golden,
    "galore",
    [
        (
            {"learning_rate": 0.001, "rank": 1, "update_gap": 7},
            galore(rank=1, update_proj_gap=7),
        ),
        ({**OTHERS, "rank": 1}, galore(rank=1, **THEIRS)),
    ],
    transposed=True,
)
keep(golden, "galore_sharp", [({**OTHERS, "rank": 2}, galore(rank=2, **THEIRS))], transposed=True)
golden["apollo.against"] = (
    f"apollo_torch.APOLLOAdamW (apollo-torch {version('apollo-torch')}), given the random matrices"
)
keep(
    golden,
    "apollo",
    [
        (
            {"learning_rate": 0.001, "rank": 2, "update_gap": 7},
            apollo(rank=2, update_proj_gap=7),
        ),
        (
            {**OTHERS, "rank": 1, "scaling": "tensor", "seed": 5},
            apollo(rank=1, scale_type="tensor", ours=5, **THEIRS),
        ),
    ],
    transposed=True,
)
np.savez_compressed(Path(__file__).with_name("optimizers_low_rank.npz"), **golden)
