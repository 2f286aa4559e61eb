# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""timm's MobileViTs: `python tests/golden/make_zoo_mobilevit.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

written(
    "zoo_mobilevit",
    of_timm("mobilevit_xxs", odd=(96, 128)),
    *(of_timm(name, odd=(100, 132), only_odd=True) for name in ("mobilevit_xs", "mobilevit_s")),
)
