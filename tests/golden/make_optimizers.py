# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorch_optimizer==4.1.0", "numpy"]
# ///
"""Trajectories of optimizers: `uv run tests/golden/make_optimizers.py` writes optimizers.npz beside itself.

Two weights walk 200 steps down a noisy valley: the gradient at step t is slope · (weight - goal) + noise[t], in the
dtype of the weight. tests/conformance/test_optimizers.py walks the same one.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pytorch_optimizer import Lookahead

KEPT = (1, 2, 5, 6, 7, 12, 20, 50, 100, 150, 200)
SHAPES = ((4, 3), (3,))
generator = np.random.default_rng(0)
golden = {"kept": np.array(KEPT)}
for index, shape in enumerate(SHAPES):
    golden[f"start.{index}"] = generator.normal(size=shape)
    golden[f"goal.{index}"] = generator.normal(size=shape)
    golden[f"slope.{index}"] = generator.uniform(0.1, 2, size=shape)
    golden[f"noise.{index}"] = np.float32(generator.normal(scale=0.3, size=(200, *shape)))


def trajectory(make, dtype):
    weights = [
        torch.nn.Parameter(torch.tensor(golden[f"start.{i}"], dtype=dtype)) for i in range(len(SHAPES))
    ]
    fixed = {
        name: [torch.tensor(golden[f"{name}.{i}"], dtype=dtype) for i in range(len(SHAPES))]
        for name in ("goal", "slope", "noise")
    }
    optimizer = make(weights)
    kept = []
    for step in range(1, 201):
        for index, weight in enumerate(weights):
            pull = fixed["slope"][index] * (weight.detach() - fixed["goal"][index])
            weight.grad = pull + fixed["noise"][index][step - 1]
        optimizer.step()
        if step in KEPT:
            kept.append(np.concatenate([weight.detach().numpy().ravel() for weight in weights]))
    return np.stack(kept)


def keep(part, number, arguments, make):
    golden[f"{part}.{number}.arguments"] = json.dumps(arguments)
    for dtype in (torch.float32, torch.float64):
        golden[f"{part}.{number}.{str(dtype).partition('.')[2]}"] = trajectory(make, dtype)


def serialized(name, **config):
    """A Keras optimizer as it is written in a configuration."""
    return {"class_name": name, "config": config}


torch_version = torch.__version__.partition("+")[0]
golden["radam.against"] = f"torch.optim.RAdam (torch {torch_version})"
radam = torch.optim.RAdam
keep("radam", 0, {}, lambda weights: radam(weights))
keep(
    "radam",
    1,
    {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
    lambda weights: radam(weights, lr=0.05, betas=(0.8, 0.95), eps=1e-4),
)
keep(
    "radam",
    2,
    {"learning_rate": 0.01, "beta_2": 0.5},
    lambda weights: radam(weights, lr=0.01, betas=(0.9, 0.5)),
)
keep(
    "radam",
    3,
    {"learning_rate": 0.01, "weight_decay": 0.1},
    lambda weights: radam(weights, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
)
golden["lookahead.against"] = (
    f"pytorch_optimizer.Lookahead (pytorch_optimizer {version('pytorch_optimizer')}) over SGD and RAdam of torch"
)
keep(
    "lookahead",
    0,
    {"optimizer": serialized("SGD", learning_rate=0.1, momentum=0.875)},
    lambda weights: Lookahead(torch.optim.SGD(weights, lr=0.1, momentum=0.875), k=6, alpha=0.5),
)
keep(
    "lookahead",
    1,
    {"optimizer": serialized("kzoo>RAdam", learning_rate=0.05), "sync_period": 5, "slow_step": 0.8},
    lambda weights: Lookahead(radam(weights, lr=0.05), k=5, alpha=0.8),
)
np.savez_compressed(Path(__file__).with_name("optimizers.npz"), **golden)
