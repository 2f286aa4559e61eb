# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Residual networks of timm: `python tests/golden/make_zoo_resnet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet50d",
    "seresnet50",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "resnetrs50",
    "ecaresnet26t",
    "test_resnet",
)
RELATIVES = (
    "resnet18d",
    "resnet26",
    "resnet26d",
    "resnet34d",
    "resnet101d",
    "resnet152",
    "resnext101_32x8d",
)
written(
    "zoo_resnet",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(97, 129), only_odd=True) for name in RELATIVES),
)
