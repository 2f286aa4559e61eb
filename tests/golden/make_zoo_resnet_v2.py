# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Pre-activation residual networks of timm: `python tests/golden/make_zoo_resnet_v2.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = ("resnetv2_50",)
RELATIVES = (
    "resnetv2_18",
    "resnetv2_18d",
    "resnetv2_34",
    "resnetv2_34d",
    "resnetv2_101",
)
written(
    "zoo_resnet_v2",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
