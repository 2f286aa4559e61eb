"""The walk of make_optimizers.py for other optimizers of torch's form: what optimizers.npz holds, walked again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

WALK = dict(np.load(Path(__file__).with_name("optimizers.npz")))
WEIGHTS = 2


def trajectory(make: Callable, dtype: torch.dtype, transposed: bool = False) -> np.ndarray:
    """The weights at the steps that are kept.

    Args:
        make: From a list of weights to one optimizer, or to several.
        dtype: Of the weights.
        transposed: Whether the optimizer is given the matrix as torch would hold it, outputs × inputs.
    """

    def placed(array):
        array = np.ascontiguousarray(array.T) if transposed and array.ndim == 2 else array
        return torch.tensor(array, dtype=dtype)

    torch.set_default_dtype(dtype)
    weights = [torch.nn.Parameter(placed(WALK[f"start.{i}"])) for i in range(WEIGHTS)]
    goals = [placed(WALK[f"goal.{i}"]) for i in range(WEIGHTS)]
    slopes = [placed(WALK[f"slope.{i}"]) for i in range(WEIGHTS)]
    made = make(weights)
    kept = []
    for step in range(1, 201):
        for index, weight in enumerate(weights):
            noise = placed(WALK[f"noise.{index}"][step - 1])
            weight.grad = slopes[index] * (weight.detach() - goals[index]) + noise
        for optimizer in made if isinstance(made, list) else [made]:
            optimizer.step()
        if step in WALK["kept"]:
            arrays = [weight.detach().numpy() for weight in weights]
            kept.append(np.concatenate([(each.T if transposed else each).ravel() for each in arrays]))
    return np.stack(kept)


def keep(golden: dict, part: str, cases: list[tuple[dict, Callable]], transposed: bool = False) -> None:
    """Adds the trajectories of a part's cases, in both precisions, to what is kept."""
    for number, (arguments, make) in enumerate(cases):
        golden[f"{part}.{number}.arguments"] = json.dumps(arguments)
        for dtype in (torch.float32, torch.float64):
            name = f"{part}.{number}.{str(dtype).partition('.')[2]}"
            golden[name] = trajectory(make, dtype, transposed)
