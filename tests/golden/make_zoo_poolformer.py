# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""PoolFormers of timm: `python tests/golden/make_zoo_poolformer.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

written(
    "zoo_poolformer",
    of_timm("poolformer_s12", (97, 129)),
    *(
        of_timm(name, (64, 96), only_odd=True)
        for name in ("poolformer_s24", "poolformer_s36", "poolformer_m36", "poolformer_m48")
    ),
)
