# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Activations by timm: `uv run tests/golden/make_activations.py` writes activations.npz beside itself."""

import json
from pathlib import Path

import numpy as np
import torch

# torchvision, which timm imports, expects operators that aren't there beside a torch without a GPU.
operators = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm  # noqa: E402
from timm.layers.activations import QuickGELU  # noqa: E402

inputs = torch.tensor(np.linspace(-12, 12, 97), requires_grad=True)
outputs = QuickGELU()(inputs)
outputs.sum().backward()
golden = {
    "quick_gelu.against": f"timm.layers.QuickGELU (timm {timm.__version__})",
    "quick_gelu.0.arguments": json.dumps({}),
    "quick_gelu.0.inputs": inputs.detach().numpy(),
    "quick_gelu.0.value": outputs.detach().numpy(),
    "quick_gelu.0.gradient": inputs.grad.numpy(),
}
np.savez_compressed(Path(__file__).with_name("activations.npz"), **golden)
