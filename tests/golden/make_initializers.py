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
conv, transpose = torch.nn.Conv2d(16, 256, (3, 5)), torch.nn.ConvTranspose2d(256, 16, 3)
linear = torch.nn.Linear(400, 1000)
golden = {
    "torch_default.against": f"torch.nn.Linear and Conv, spread of all numbers (torch {torch.__version__.partition('+')[0]})"
}
cases = [
    ((400, 1000), {}, linear.weight),
    ((1000,), {"fan_in": 400}, linear.bias),
    ((3, 5, 16, 256), {}, conv.weight),
    ((256,), {"fan_in": 240}, conv.bias),
    ((3, 3, 16, 256), {}, transpose.weight),  # Keras: (height, width, filters, channels)
    ((5, 32, 512), {}, torch.nn.Conv1d(32, 512, 5).weight),
    ((3, 3, 512, 1), {"fan_in": 9}, torch.nn.Conv2d(512, 512, 3, groups=512).weight),  # depthwise
]
for number, (shape, arguments, weight) in enumerate(cases):
    numbers = weight.detach().numpy().astype("float64")
    assert numbers.size == np.prod(shape)
    golden[f"torch_default.{number}.arguments"] = json.dumps(arguments)
    golden[f"torch_default.{number}.shape"] = np.array(shape)
    golden[f"torch_default.{number}.deviation"] = numbers.std()
    golden[f"torch_default.{number}.largest"] = np.abs(numbers).max()
np.savez_compressed(Path(__file__).with_name("initializers.npz"), **golden)
