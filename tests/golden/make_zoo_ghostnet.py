# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""GhostNet of timm: `python tests/golden/make_zoo_ghostnet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = ("ghostnet_100",)
written(
    "zoo_ghostnet",
    *(of_timm(name, odd=(97, 129), drop_rate=0.0) for name in NAMES),
)
