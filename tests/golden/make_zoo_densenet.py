# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""DenseNets of timm: `python tests/golden/make_zoo_densenet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = ("densenet121",)
RELATIVES = (
    "densenet161",
    "densenet169",
    "densenet201",
)
written(
    "zoo_densenet",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
