# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""RegNets of timm: `python tests/golden/make_zoo_regnet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = (
    "regnetx_002",
    "regnety_002",
)
RELATIVES = (
    "regnetx_004",
    "regnetx_006",
    "regnetx_008",
    "regnetx_016",
    "regnety_004",
    "regnety_006",
    "regnety_008",
    "regnety_016",
    "regnety_032",
)
written(
    "zoo_regnet",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
