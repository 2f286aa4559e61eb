# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""RepVGG and MobileOne of timm: `python tests/golden/make_zoo_rep_vgg.py` from the project's folder."""

import timm
from timm.models.byobnet import _mobileone_bcfg

from tests.golden.zoo import filled, of_timm, results, written

NAME, SHAPE = "mobileone_s0", (97, 129, 3)
RELATIVES = ("repvgg_a1", "repvgg_a2", "repvgg_b0", "mobileone_s1", "mobileone_s2")
golden = of_timm(NAME, odd=SHAPE[:2])
# In training mode 42 normalizations one behind the other make float32's rounding a hundred times larger: a short one.
blocks = _mobileone_bcfg(d=(1, 2, 2, 1), wf=(0.75, 1.0, 1.0, 2.0), num_conv_branches=4)
short = filled(timm.create_model(NAME, blocks=blocks)).eval()
shorter = results(NAME, short, None, {"depths": [1, 2, 2, 1]}, SHAPE, SHAPE)
golden |= {key: array for key, array in shorter.items() if key.startswith(f"{NAME}.2.")}
written(
    "zoo_rep_vgg",
    of_timm("repvgg_a0", odd=SHAPE[:2]),
    golden,
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
