# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""torch.nn.init with gains: `uv run tests/golden/make_initializers_gain.py` writes initializers_gain.npz beside itself.

Random numbers can't be compared one by one: kept are the bound and the standard deviation of what PyTorch draws.
"""

import json
from pathlib import Path

import numpy as np
import torch

torch.manual_seed(0)
init = torch.nn.init
xavier, kaiming = init.xavier_uniform_, init.kaiming_uniform_
VERSION = torch.__version__.partition("+")[0]
# PyTorch has (outputs, inputs, window), Keras (window, inputs, outputs).
dense, conv = (6000, 200), (800, 100, 3, 5)
slope_gain = init.calculate_gain("leaky_relu", 0.5)
cases = {
    "xavier_uniform": (
        ({}, dense, {}),
        ({"gain": 5 / 3}, conv, {"gain": init.calculate_gain("tanh")}),
    ),
    "kaiming_uniform": (
        ({}, dense, {}),
        ({"mode": "fan_out"}, conv, {"mode": "fan_out"}),
        ({"gain": slope_gain}, conv, {"a": 0.5}),
        ({"gain": 1.0}, dense, {"nonlinearity": "linear"}),
    ),
}
golden = {}
for part, settings in cases.items():
    function = xavier if part == "xavier_uniform" else kaiming
    golden[f"{part}.against"] = f"torch.nn.init.{part}_, its spread (torch {VERSION})"
    for number, (ours, shape, theirs) in enumerate(settings):
        numbers = function(torch.empty(shape), **theirs).numpy().astype("float64")
        golden[f"{part}.{number}.arguments"] = json.dumps(ours)
        golden[f"{part}.{number}.shape"] = np.array([*shape[2:], shape[1], shape[0]])
        golden[f"{part}.{number}.deviation"] = numbers.std()
        golden[f"{part}.{number}.largest"] = np.abs(numbers).max()
np.savez_compressed(Path(__file__).with_name("initializers_gain.npz"), **golden)
