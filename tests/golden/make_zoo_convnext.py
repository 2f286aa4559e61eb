# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""ConvNeXts of timm: `python tests/golden/make_zoo_convnext.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = (
    "convnext_atto",
    "convnext_tiny",
    "convnextv2_atto",
    "test_convnext",
)
RELATIVES = (
    "convnext_femto",
    "convnext_pico",
    "convnext_nano",
    "convnext_small",
    "convnext_base",
    "convnextv2_femto",
    "convnextv2_pico",
    "convnextv2_nano",
    "convnextv2_tiny",
    "convnextv2_base",
)
written(
    "zoo_convnext",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
