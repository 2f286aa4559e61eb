# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Averages of the weights on the walk: writes averages.npz beside itself, where the walk goes and what it averages."""

import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from timm.optim import SGDW
from timm.utils import ModelEmaV3
from torch.optim.swa_utils import AveragedModel
from walk import WALK, keep

INSIDE = {"class_name": "kzoo>SGDW", "config": {"learning_rate": 0.05, "momentum": 0.9}}
warnings.simplefilter("ignore", FutureWarning)


class Averaging:
    """An optimizer that keeps an average of its weights, and what it was at the steps that are kept."""

    def __init__(self, weights, average, due=lambda step: True):
        self.inside = SGDW(weights, lr=0.05, momentum=0.9)
        self.model = torch.nn.ParameterList(weights)
        self.average, self.due, self.step_number, self.kept = average(self.model), due, 0, []

    def step(self):
        self.inside.step()
        self.step_number += 1
        if self.due(self.step_number):
            self.move()
        if self.step_number in WALK["kept"]:
            self.kept.append(np.concatenate([each.detach().numpy().ravel() for each in self.where()]))

    def move(self):
        self.average.update_parameters(self.model)

    def where(self):
        """The average or, before there is one, the weights."""
        return (self.average.module if self.average.n_averaged else self.model).parameters()


class Ema(Averaging):
    def move(self):
        self.average.update(self.model, self.step_number)

    def where(self):
        return self.average.module.parameters()


def swa(start, every):
    first = start or every

    def due(step):
        return step >= first and (step - first) % every == 0

    return {"start": start, "every": every}, lambda w: Averaging(w, AveragedModel, due)


def ema(arguments, **theirs):
    return arguments, lambda w: Ema(w, lambda model: ModelEmaV3(model, foreach=False, **theirs))


golden = {
    "swa.against": f"torch.optim.swa_utils.AveragedModel around timm.optim.SGDW (torch {version('torch')})",
    "ema.against": f"timm.utils.ModelEmaV3 around timm.optim.SGDW (timm {version('timm')})",
}
CASES = {
    "swa": [swa(0, 1), swa(50, 7), swa(0, 30)],
    "ema": [
        ema({"decay": 0.9, "warmup": False, "start": 20}, decay=0.9, update_after_step=20),
        ema({}, decay=0.9999, use_warmup=True),
        ema(
            {"decay": 0.95, "warmup_gamma": 5.0, "warmup_power": 0.75, "min_decay": 0.5},
            decay=0.95,
            use_warmup=True,
            warmup_gamma=5.0,
            warmup_power=0.75,
            min_decay=0.5,
        ),
    ],
}
for part, cases in CASES.items():
    for number, (arguments, make) in enumerate(cases):
        averages = {}

        def remembering(weights, make=make, averages=averages):
            averages[weights[0].dtype] = made = make(weights)
            return made

        one = {}
        keep(one, part, [({"optimizer": INSIDE, **arguments}, remembering)])
        golden |= {key.replace(f"{part}.0.", f"{part}.{number}."): value for key, value in one.items()}
        for dtype, made in averages.items():
            golden[f"{part}.{number}.average_{str(dtype).partition('.')[2]}"] = np.stack(made.kept)
np.savez_compressed(Path(__file__).with_name("averages.npz"), **golden)
