# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""timm's DarkNets: `python tests/golden/make_zoo_darknet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

written(
    "zoo_darknet",
    of_timm("darknet53", odd=(97, 129)),
    *(of_timm(name, odd=(97, 129), only_odd=True) for name in ("darknet17", "darknet21")),
)
