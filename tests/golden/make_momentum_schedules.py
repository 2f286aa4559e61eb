# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""The momentum of torch's one-cycle policy, and where its SGD goes with it: writes momentum_schedules.npz."""

import json
from pathlib import Path

import numpy as np
import torch
from torch.optim.lr_scheduler import OneCycleLR

golden = {
    "one_cycle_momentum.against": "torch.optim.lr_scheduler.OneCycleLR's momentum "
    f"(torch {torch.__version__.partition('+')[0]})"
}


def one_cycle_momentum(arguments, **named):
    """The momentum that the optimizer has in each step."""
    steps = arguments["total_steps"]
    stepped = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    scheduler = OneCycleLR(stepped, max_lr=0.1, total_steps=steps, **named)
    values = []
    for step in range(steps):
        values.append(stepped.param_groups[0]["momentum"])
        stepped.step()
        if step < steps - 1:
            scheduler.step()
    return arguments, values


cases = [
    one_cycle_momentum({"total_steps": 57}),
    one_cycle_momentum(
        {"total_steps": 80, "low": 0.5, "high": 0.9, "warmup": 20, "shape": "linear", "three_phase": True},
        base_momentum=0.5,
        max_momentum=0.9,
        pct_start=0.25,
        anneal_strategy="linear",
        three_phase=True,
    ),
]
for number, (arguments, values) in enumerate(cases):
    golden[f"one_cycle_momentum.{number}.arguments"] = json.dumps(arguments)
    golden[f"one_cycle_momentum.{number}.value"] = np.array(values, "float64")


def one_cycle_walk(steps, nesterov):
    """Where torch's SGD goes on a quadratic while the cycle moves its rate and its momentum."""
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    stepped = torch.optim.SGD([weight], lr=0.3, momentum=0.9, nesterov=nesterov)
    scheduler = OneCycleLR(stepped, max_lr=0.3, total_steps=steps)
    walk = []
    for _ in range(steps):
        weight.grad = weight.detach() * torch.tensor([1.0, 0.1, 0.01], dtype=torch.float64)
        stepped.step()
        scheduler.step()
        walk.append(weight.detach().numpy().copy())
    return np.array(walk)


golden["walk.sgd"] = one_cycle_walk(25, False)
golden["walk.nesterov"] = one_cycle_walk(25, True)
np.savez_compressed(Path(__file__).with_name("momentum_schedules.npz"), **golden)
