# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "optax==0.2.8", "pytorch_optimizer==4.1.0", "jax", "numpy"]
# ///
"""Schedules by torch, timm, optax and pytorch_optimizer: writes more_schedules.npz beside itself."""

import functools
import importlib.metadata
import json
from pathlib import Path

import jax
import numpy as np
import optax
import torch

# torchvision, which timm imports, expects operators that aren't there beside a torch without a GPU.
operators = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import pytorch_optimizer  # noqa: E402
import timm  # noqa: E402
from pytorch_optimizer.lr_scheduler.chebyshev import get_chebyshev_perm_steps  # noqa: E402
from timm.scheduler import CosineLRScheduler, PolyLRScheduler, TanhLRScheduler, WSDLRScheduler  # noqa: E402

jax.config.update("jax_enable_x64", True)
golden = {}
from_torch = torch.optim.lr_scheduler
TORCH = f"(torch {torch.__version__.partition('+')[0]})"
OTHERS = f"(pytorch_optimizer {importlib.metadata.version('pytorch_optimizer')})"
TIMM = f"(timm {timm.__version__})"


def keep(part, against, *cases):
    """Keeps what a reference says of a part's cases: their arguments, and the rates."""
    golden[f"{part}.against"] = against
    for number, (arguments, values) in enumerate(cases):
        golden[f"{part}.{number}.arguments"] = json.dumps(arguments)
        golden[f"{part}.{number}.value"] = np.array(values, "float64")


def optimizer(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate, momentum=0.9)


def by_torch(rate, steps, make):
    """The rate of each step by a scheduler that is stepped by itself."""
    stepped = optimizer(rate)
    scheduler = make(stepped)
    values = []
    for step in range(steps):
        values.append(stepped.param_groups[0]["lr"])
        stepped.step()
        if step < steps - 1:
            scheduler.step()
    return values


def by_timm(rate, steps, make):
    """The rate of each step by a scheduler that is told the step."""
    stepped = optimizer(rate)
    scheduler = make(stepped, t_in_epochs=False)
    values = []
    for step in range(steps):
        scheduler.step_update(step)
        values.append(stepped.param_groups[0]["lr"])
    return values


def by_optax(steps, schedule):
    return [float(schedule(step)) for step in range(steps)]


def one_cycle(arguments, **named):
    peak, steps = arguments["peak"], arguments["total_steps"]
    cycle = functools.partial(from_torch.OneCycleLR, max_lr=peak, total_steps=steps, **named)
    return arguments, by_torch(peak, steps, cycle)


keep(
    "one_cycle",
    f"torch.optim.lr_scheduler.OneCycleLR {TORCH}",
    one_cycle({"peak": 0.1, "total_steps": 57}),
    one_cycle(
        {"peak": 1.0, "total_steps": 80, "warmup": 20, "three_phase": True, "shape": "linear"},
        pct_start=0.25,
        three_phase=True,
        anneal_strategy="linear",
    ),
    one_cycle(
        {
            "peak": 0.3,
            "total_steps": 60,
            "warmup": "45%",
            "three_phase": True,
            "div_factor": 5.0,
            "final_div_factor": 10.0,
        },
        pct_start=0.45,
        three_phase=True,
        div_factor=5.0,
        final_div_factor=10.0,
    ),
    one_cycle({"peak": 0.3, "total_steps": 30, "warmup": 0}, pct_start=0.0),
)


def cyclic(start, peak, up, down, steps=60, **named):
    rate = functools.partial(
        from_torch.CyclicLR, base_lr=start, max_lr=peak, step_size_up=up, step_size_down=down, **named
    )
    return by_torch(start, steps, rate)


keep(
    "cyclic",
    f"torch.optim.lr_scheduler.CyclicLR {TORCH}",
    ({"start": 0.01, "peak": 0.1, "up": 8}, cyclic(0.01, 0.1, 8, None)),
    (
        {"start": 0.0, "peak": 0.5, "up": "10%", "down": 14, "mode": "triangular2", "total_steps": 70},
        cyclic(0.0, 0.5, 7, 14, mode="triangular2"),
    ),
    (
        {"start": 0.001, "peak": 0.2, "up": 10, "down": 5, "mode": "exp_range", "gamma": 0.97},
        cyclic(0.001, 0.2, 10, 5, mode="exp_range", gamma=0.97),
    ),
)


def wsd(peak, steps, **named):
    return by_timm(peak, steps, functools.partial(WSDLRScheduler, **named))


keep(
    "wsd",
    f"timm.scheduler.WSDLRScheduler {TIMM}",
    ({"peak": 0.1, "total_steps": 60}, wsd(0.1, 70, t_initial=60, decay_t=6)),
    (
        {"peak": 1.0, "total_steps": 60, "warmup": 10, "decay": "25%", "end": 0.1, "shape": "cosine"},
        wsd(1.0, 70, t_initial=50, decay_t=15, warmup_t=10, lr_min=0.1, decay_fn="cosine"),
    ),
    (
        {"peak": 0.5, "total_steps": 40, "warmup": "50%", "decay": 20, "shape": "linear"},
        wsd(0.5, 45, t_initial=20, decay_t=20, warmup_t=20, decay_fn="linear"),
    ),
)
keep(
    "poly",
    f"timm.scheduler.PolyLRScheduler {TIMM}",
    (
        {"start": 0.1, "total_steps": 50},
        by_timm(0.1, 60, functools.partial(PolyLRScheduler, t_initial=50, power=0.9)),
    ),
    (
        {"start": 0.5, "total_steps": 40, "power": 2.0, "end": 0.05},
        by_timm(0.5, 45, functools.partial(PolyLRScheduler, t_initial=40, power=2.0, lr_min=0.05)),
    ),
    (
        {"start": 0.2, "total_steps": 30, "power": 0.5},
        by_torch(0.2, 40, lambda each: from_torch.PolynomialLR(each, 30, power=0.5)),
    ),
)
keep(
    "k_decay",
    f"timm.scheduler.CosineLRScheduler {TIMM}",
    (
        {"start": 0.1, "total_steps": 50},
        by_timm(0.1, 60, functools.partial(CosineLRScheduler, t_initial=50, k_decay=3.0)),
    ),
    (
        {"start": 0.5, "total_steps": 40, "k": 0.7, "end": 0.05, "shape": "linear"},
        by_timm(
            0.5, 45, functools.partial(PolyLRScheduler, t_initial=40, power=1.0, k_decay=0.7, lr_min=0.05)
        ),
    ),
)
keep(
    "tanh_decay",
    f"timm.scheduler.TanhLRScheduler {TIMM}",
    (
        {"start": 0.1, "total_steps": 50},
        by_timm(0.1, 60, functools.partial(TanhLRScheduler, t_initial=50, lb=-6.0)),
    ),
    (
        {"start": 0.5, "total_steps": 40, "lower": -2.0, "upper": 5.0, "end": 0.05},
        by_timm(0.5, 45, functools.partial(TanhLRScheduler, t_initial=40, lb=-2.0, ub=5.0, lr_min=0.05)),
    ),
)


def sgdr(peak, steps, **named):
    return by_timm(peak, steps, functools.partial(CosineLRScheduler, warmup_prefix=True, **named))


keep(
    "sgdr",
    f"timm.scheduler.CosineLRScheduler {TIMM}",
    (
        {"peak": 0.1, "period": 10, "warmup": 5, "cycles": 3},
        sgdr(0.1, 45, t_initial=10, warmup_t=5, cycle_limit=3),
    ),
    (
        {
            "peak": 0.5,
            "period": "10%",
            "warmup": "20%",
            "growth": 1.5,
            "decay": 0.5,
            "end": 0.01,
            "cycles": 4,
            "total_steps": 100,
        },
        sgdr(0.5, 120, t_initial=10, warmup_t=20, cycle_mul=1.5, cycle_decay=0.5, cycle_limit=4, lr_min=0.01),
    ),
    (
        {"peak": 0.3, "period": 6, "growth": 2.0},
        by_torch(0.3, 60, lambda each: from_torch.CosineAnnealingWarmRestarts(each, 6, 2)),
    ),
)


def rex(peak, steps, total_steps, end=0.0):
    stepped = optimizer(peak)
    scheduler = pytorch_optimizer.lr_scheduler.REXScheduler(stepped, total_steps, max_lr=peak, min_lr=end)
    scheduler.step_t = 0
    return [scheduler.step() for _ in range(steps)]


keep(
    "rex",
    f"pytorch_optimizer.REXScheduler {OTHERS}",
    ({"start": 0.1, "total_steps": 50}, rex(0.1, 60, 50)),
    ({"start": 0.5, "total_steps": 33, "end": 0.05}, rex(0.5, 40, 33, 0.05)),
)


def chebyshev(rate, period, steps, hold=1, **named):
    if named:
        steps_of = pytorch_optimizer.lr_scheduler.chebyshev.get_chebyshev_steps(period, **named)
        order = pytorch_optimizer.lr_scheduler.chebyshev.get_chebyshev_permutation(period)
        rates = rate * steps_of[order]
    else:
        rates = rate * get_chebyshev_perm_steps(period)
    return [rates[step // hold % period] for step in range(steps)]


keep(
    "chebyshev",
    f"pytorch_optimizer.get_chebyshev_perm_steps {OTHERS}",
    ({"rate": 0.01}, chebyshev(0.01, 32, 70)),
    (
        {"rate": 0.5, "period": 8, "smallest": 0.2, "largest": 2.0, "hold": 3},
        chebyshev(0.5, 8, 50, hold=3, small_m=0.2, big_m=2.0),
    ),
)
keep(
    "inverse_sqrt",
    f"timm.scheduler.WSDLRScheduler's rsqrt {TIMM}",
    (
        {"peak": 0.1, "warmup": 9},
        wsd(0.1, 80, t_initial=1000, decay_t=1, warmup_t=9, stable_fn="rsqrt"),
    ),
    (
        {"peak": 0.3, "warmup": "10%", "total_steps": 200},
        wsd(0.3, 80, t_initial=1000, decay_t=1, warmup_t=20, stable_fn="rsqrt"),
    ),
)


def noam(model_size, warmup, factor=1.0):
    def rate(step):
        return factor * model_size**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5)

    return by_torch(1.0, 80, lambda each: from_torch.LambdaLR(each, rate))


keep(
    "noam",
    "equation 3 of arXiv:1706.03762",
    ({"model_size": 512, "warmup": 20}, noam(512, 20)),
    ({"model_size": 64, "warmup": "5%", "factor": 2.0, "total_steps": 200}, noam(64, 10, 2.0)),
)
optax_version = f"(optax {optax.__version__})"
line = optax.linear_schedule
keep(
    "warmup",
    f"optax.join_schedules {optax_version}",
    (
        {
            "schedule": {
                "name": "cosine_decay",
                "initial_learning_rate": 0.1,
                "decay_steps": 40,
                "alpha": 0.1,
            },
            "warmup": 10,
        },
        by_optax(
            60, optax.join_schedules([line(0.0, 0.1, 10), optax.cosine_decay_schedule(0.1, 40, 0.1)], [10])
        ),
    ),
    (
        {"schedule": 0.2, "warmup": "5%", "total_steps": 200, "start": 0.05},
        by_optax(30, optax.join_schedules([line(0.05, 0.2, 10), optax.constant_schedule(0.2)], [10])),
    ),
    (
        {"schedule": {"name": "poly", "start": 0.3, "total_steps": 30, "power": 2.0}, "warmup": 0},
        by_optax(40, optax.polynomial_schedule(0.3, 0.0, 2.0, 30)),
    ),
)
keep(
    "sequential",
    f"optax.join_schedules {optax_version}",
    (
        {
            "schedules": [0.05, {"name": "linear", "start": 0.1, "total_steps": 20, "end": 0.01}],
            "milestones": [10],
        },
        by_optax(40, optax.join_schedules([optax.constant_schedule(0.05), line(0.1, 0.01, 20)], [10])),
    ),
    (
        {
            "schedules": [
                {"name": "linear", "start": 0.0, "total_steps": 15, "end": 0.2},
                {"name": "warmup", "schedule": 0.1, "warmup": 5},
                {"name": "rex", "start": 0.1, "total_steps": 5, "end": 0.02},
            ],
            "milestones": ["30%", 0.5],
            "total_steps": 50,
        },
        by_optax(
            25,
            optax.join_schedules(
                [line(0.0, 0.2, 15), line(0.0, 0.1, 5), optax.constant_schedule(0.1)], [15, 20]
            ),
        )
        + rex(0.1, 10, 5, 0.02),
    ),
)
np.savez_compressed(Path(__file__).with_name("more_schedules.npz"), **golden)
