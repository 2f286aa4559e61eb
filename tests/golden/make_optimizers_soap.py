# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorch_optimizer==4.1.0", "numpy"]
# ///
"""SOAP on the walk of make_optimizers.py, and on a weight of three axes: writes optimizers_soap.npz beside itself."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pytorch_optimizer import SOAP
from walk import keep

golden = {
    "soap.against": (
        f"pytorch_optimizer.SOAP without its rounding to float32 (pytorch_optimizer "
        f"{version('pytorch_optimizer')})"
    )
}
# SOAP decomposes in float32, whatever the weight: only this rounding is taken out, so that digits can be compared.
original_to = torch.Tensor.to
torch.Tensor.to = lambda self, *args, **more: (
    self if args == (torch.float32,) else original_to(self, *args, **more)
)
OTHERS = {
    "learning_rate": 0.02,
    "beta_1": 0.8,
    "beta_2": 0.9,
    "shampoo_beta": 0.8,
    "frequency": 3,
    "bias_correction": False,
    "weight_decay": 0.1,
}


def others(weights, epsilon, **more):
    return SOAP(
        weights,
        lr=0.02,
        betas=(0.8, 0.9),
        shampoo_beta=0.8,
        eps=epsilon,
        precondition_frequency=3,
        correct_bias=False,
        weight_decay=0.1,
        **more,
    )


# In trainings whose gradients have rank 1 a small epsilon makes steps of rounding: the tests that train take these.
keep(
    golden,
    "soap",
    [
        ({"learning_rate": 0.02, "epsilon": 10.0}, lambda w: SOAP(w, lr=0.02, eps=10.0, weight_decay=0.0)),
        ({**OTHERS, "epsilon": 4.0}, lambda w: others(w, 4.0)),
    ],
)
keep(
    golden,
    "soap_sharp",
    [
        ({}, lambda w: SOAP(w, weight_decay=0.0)),
        ({**OTHERS, "epsilon": 1e-3}, lambda w: others(w, 1e-3)),
    ],
)

# Gradients that are given: 40 steps of a weight of three axes, of which the longest may stay as it is.
gradients = np.random.default_rng(1).normal(size=(40, 3, 4, 5))
golden["axes.gradients"] = gradients
for number, longest in enumerate((10000, 4)):
    golden[f"axes.{number}.arguments"] = json.dumps({**OTHERS, "epsilon": 1e-8, "largest": longest})
    for dtype in (torch.float32, torch.float64):
        weight = torch.nn.Parameter(torch.ones(3, 4, 5, dtype=dtype))
        optimizer = others([weight], 1e-8, max_precondition_dim=longest)
        for gradient in gradients:
            weight.grad = torch.tensor(gradient, dtype=dtype)
            optimizer.step()
        golden[f"axes.{number}.{str(dtype).partition('.')[2]}"] = weight.detach().numpy()
np.savez_compressed(Path(__file__).with_name("optimizers_soap.npz"), **golden)
