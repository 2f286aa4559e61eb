# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "optax==0.2.8", "jax", "numpy"]
# ///
"""Lines and steps by optax and torch: writes simple_schedules.npz beside itself."""

import json
from pathlib import Path

import jax
import numpy as np
import optax
import torch

jax.config.update("jax_enable_x64", True)
STEPS = 60
golden = {}


def keep(part, number, arguments, values):
    golden[f"{part}.{number}.arguments"] = json.dumps(arguments)
    golden[f"{part}.{number}.value"] = np.array(values, "float64")


def by_optax(schedule):
    return [float(schedule(step)) for step in range(STEPS)]


def by_torch(rate, make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make(optimizer)
    values = []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


torch_version = torch.__version__.partition("+")[0]
golden["constant.against"] = f"optax.constant_schedule (optax {optax.__version__})"
keep("constant", 0, {"rate": 0.003}, by_optax(optax.constant_schedule(0.003)))
golden["linear.against"] = f"optax.linear_schedule (optax {optax.__version__})"
keep("linear", 0, {"start": 0.1, "total_steps": 50}, by_optax(optax.linear_schedule(0.1, 0.0, 50)))
keep(
    "linear",
    1,
    {"start": 0.001, "total_steps": 7, "end": 0.2},
    by_optax(optax.linear_schedule(0.001, 0.2, 7)),
)
scheduler = torch.optim.lr_scheduler
golden["step.against"] = f"torch.optim.lr_scheduler.StepLR (torch {torch_version})"
# The factors let the rate end at 0 to within the tolerance, wherever the last step is.
keep("step", 0, {"start": 0.1, "period": 8}, by_torch(0.1, lambda o: scheduler.StepLR(o, 8, 0.1)))
keep(
    "step",
    1,
    {"start": 0.5, "period": 3, "factor": 0.3},
    by_torch(0.5, lambda o: scheduler.StepLR(o, 3, 0.3)),
)
golden["multi_step.against"] = f"torch.optim.lr_scheduler.MultiStepLR (torch {torch_version})"
keep(
    "multi_step",
    0,
    {"start": 0.1, "milestones": [2, 30, 45]},
    by_torch(0.1, lambda o: scheduler.MultiStepLR(o, [2, 30, 45], 0.1)),
)
keep(
    "multi_step",
    1,
    {"start": 0.2, "milestones": [1, 20], "factor": 0.5},
    by_torch(0.2, lambda o: scheduler.MultiStepLR(o, [1, 20], 0.5)),
)
np.savez_compressed(Path(__file__).with_name("simple_schedules.npz"), **golden)
