# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""Small models by PyTorch: `uv run tests/golden/make_models.py` writes models.npz beside itself.

No weights are kept: both sides fill themselves with numbers that `weights` makes from a name and a shape, in Keras's
layout.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import nn


def weights(name, shape):
    """Numbers for the weight of that name; tests/conformance/test_models.py has the same function."""
    spread = 1 / np.sqrt(max(np.prod(shape[:-1]), 1))
    return np.random.default_rng(zlib.crc32(name.encode())).normal(scale=spread, size=shape)


def conv(name, channels, filters, size, padding):
    layer = nn.Conv2d(channels, filters, size, padding=padding)
    kernel = weights(f"{name}/kernel", (size, size, channels, filters)).transpose(3, 2, 0, 1)
    return filled(layer, kernel, weights(f"{name}/bias", (filters,)))


def dense(name, inputs, units, picture=None):
    """A dense layer; after a picture `(height, width, channels)` its rows follow Keras's order of the axes."""
    kernel = weights(f"{name}/kernel", (inputs, units))
    if picture:
        kernel = kernel.reshape(*picture, units).transpose(2, 0, 1, 3).reshape(inputs, units)
    return filled(nn.Linear(inputs, units), kernel.T, weights(f"{name}/bias", (units,)))


def filled(layer, kernel, bias):
    layer.weight.data = torch.tensor(kernel.copy())
    layer.bias.data = torch.tensor(bias)
    return layer


MODELS = {
    "softmax_regression": lambda: nn.Sequential(nn.Flatten(), dense("head", 784, 10, (28, 28, 1))),
    "mlp": lambda: nn.Sequential(
        nn.Flatten(),
        dense("dense1", 784, 256, (28, 28, 1)),
        nn.ReLU(),
        dense("dense2", 256, 128),
        nn.ReLU(),
        dense("head", 128, 10),
    ),
    "lenet5": lambda: nn.Sequential(
        conv("conv1", 1, 6, 5, 2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        conv("conv2", 6, 16, 5, 0),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        dense("dense1", 400, 120, (5, 5, 16)),
        nn.Tanh(),
        dense("dense2", 120, 84),
        nn.Tanh(),
        dense("head", 84, 10),
    ),
    "mnist_cnn": lambda: nn.Sequential(
        conv("conv1", 1, 16, 3, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        conv("conv2", 16, 32, 3, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        dense("dense1", 1568, 128, (7, 7, 32)),
        nn.ReLU(),
        dense("head", 128, 10),
    ),
}
golden = {}
for name, make in MODELS.items():
    model = make().double()
    inputs = torch.tensor(weights(f"{name}/inputs", (3, 1, 28, 28)), requires_grad=True)
    outputs = model(inputs)
    outputs.square().sum().backward()
    golden[f"{name}.against"] = f"the same layers of torch.nn (torch {torch.__version__.partition('+')[0]})"
    golden[f"{name}.0.arguments"] = json.dumps({"input_shape": [28, 28, 1], "num_classes": 10})
    golden[f"{name}.0.parameters"] = sum(each.numel() for each in model.parameters())
    golden[f"{name}.0.value"] = outputs.detach().numpy()
    golden[f"{name}.0.gradient"] = np.float32(inputs.grad.numpy().transpose(0, 2, 3, 1))
np.savez_compressed(Path(__file__).with_name("models.npz"), **golden)
