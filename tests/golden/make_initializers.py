# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""How PyTorch starts its layers: `uv run tests/golden/make_initializers.py` writes initializers.npz beside itself.

Random numbers can't be compared one by one: kept are the bound and the standard deviation of what PyTorch draws.
"""

import json
from pathlib import Path

import numpy as np
import torch

torch.manual_seed(0)
conv, transpose = torch.nn.Conv2d(16, 40_000, (3, 5)), torch.nn.ConvTranspose2d(512, 16, 3)
linear = torch.nn.Linear(40, 40_000)
golden = {
    "torch_default.against": f"torch.nn.Linear and Conv, their spread (torch {torch.__version__.partition('+')[0]})"
}
cases = [
    ((40, 40_000), {}, linear.weight),
    ((40_000,), {"fan_in": 40}, linear.bias),
    ((3, 5, 16, 40_000), {}, conv.weight),
    ((40_000,), {"fan_in": 240}, conv.bias),
    ((3, 3, 16, 512), {}, transpose.weight),  # Keras: (height, width, filters, channels)
    ((5, 32, 512), {}, torch.nn.Conv1d(32, 512, 5).weight),
    ((3, 3, 8192, 1), {"fan_in": 9}, torch.nn.Conv2d(8192, 8192, 3, groups=8192).weight),  # depthwise
]
for number, (shape, arguments, weight) in enumerate(cases):
    numbers = weight.detach().numpy().astype("float64")
    assert numbers.size == np.prod(shape)
    golden[f"torch_default.{number}.arguments"] = json.dumps(arguments)
    golden[f"torch_default.{number}.shape"] = np.array(shape)
    golden[f"torch_default.{number}.deviation"] = numbers.std()
    golden[f"torch_default.{number}.largest"] = np.abs(numbers).max()
np.savez_compressed(Path(__file__).with_name("initializers.npz"), **golden)
