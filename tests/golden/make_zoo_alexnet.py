# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorchcv==0.0.74", "numpy"]
# ///
"""pytorchcv's AlexNet with torchvision's names: `python tests/golden/make_zoo_alexnet.py`."""

from importlib.metadata import version

import torch
from pytorchcv.model_provider import get_model

from tests.conformance.named_weights import value
from tests.golden.zoo import results, written

NAMES = {
    "features.stage1.unit1.conv": "features.0",
    "features.stage2.unit1.conv": "features.3",
    "features.stage3.unit1.conv": "features.6",
    "features.stage3.unit2.conv": "features.8",
    "features.stage3.unit3.conv": "features.10",
    "output.fc1.fc": "classifier.1",
    "output.fc2.fc": "classifier.4",
    "output.fc3": "classifier.6",
}


def stages(model, x):
    """What there is before each pooling, and after the last."""
    features = []
    for stage in model.features:
        *units, pool = stage
        for unit in units:
            x = unit(x)
        features.append(x)
        x = pool(x)
    return [*features, x]


model = get_model("alexnetb")
for name, tensor in model.state_dict().items():
    module, _, leaf = name.rpartition(".")
    tensor.copy_(torch.from_numpy(value(f"{NAMES[module]}.{leaf}", tuple(tensor.shape))))
for module in model.modules():
    if isinstance(module, torch.nn.Dropout):
        module.p = 0.0
# It takes pictures of 223 to 226 pixels only.
golden = results("alexnet", model.double().eval(), stages, {"drop_rate": 0}, (224, 224, 3), (223, 226, 3))
golden["alexnet.against"] = f"pytorchcv {version('pytorchcv')}"
written("zoo_alexnet", golden)
