# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "numpy"]
# ///
"""torchvision's SqueezeNets: `python tests/golden/make_zoo_squeezenet.py` from the project's folder."""

import torch
import torchvision

from tests.golden.zoo import filled, results, written


def stages(model, x):
    """What there is before each pooling, and at the end."""
    features = []
    for module in model.features:
        if isinstance(module, torch.nn.MaxPool2d):
            features.append(x)
        x = module(x)
    return [*features, x]


golden = {}
for name in ("squeezenet1_0", "squeezenet1_1"):
    model = filled(getattr(torchvision.models, name)(dropout=0.0)).eval()
    golden |= results(name, model, stages, {"drop_rate": 0}, (224, 224, 3), (96, 129, 3))
    golden[f"{name}.against"] = f"torchvision {torchvision.__version__.partition('+')[0]}"
written("zoo_squeezenet", golden)
