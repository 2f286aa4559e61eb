# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Batch normalization recalibrated by torch.optim.swa_utils.update_bn: writes recalibration.npz beside itself."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

BATCH = 16
torch.manual_seed(0)
net = nn.Sequential(
    nn.Linear(5, 7), nn.BatchNorm1d(7, eps=1e-3), nn.ReLU(), nn.Linear(7, 4), nn.BatchNorm1d(4, eps=1e-3)
)
inputs = torch.randn(6 * BATCH, 5) * 2 + 1
golden = {"against": f"torch.optim.swa_utils.update_bn (torch {version('torch')})", "inputs": inputs.numpy()}
for index in (0, 3):
    golden[f"kernel.{index}"] = net[index].weight.detach().numpy().T
    golden[f"bias.{index}"] = net[index].bias.detach().numpy()
update_bn(inputs.split(BATCH), net)
for index in (1, 4):
    golden[f"mean.{index}"] = net[index].running_mean.numpy()
    # Keras's variances are the biased ones.
    golden[f"variance.{index}"] = net[index].running_var.numpy() * (BATCH - 1) / BATCH
np.savez_compressed(Path(__file__).with_name("recalibration.npz"), **golden)
