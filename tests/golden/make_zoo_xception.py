# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""timm's Xception: `python tests/golden/make_zoo_xception.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

written("zoo_xception", of_timm("legacy_xception", odd=(97, 129)))
