# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Mixers of timm: `python tests/golden/make_zoo_mixer.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

WHOLE = ("mixer_s32_224", "gmlp_s16_224", "resmlp_12_224")
RELATIVES = (
    "mixer_s16_224",
    "mixer_b32_224",
    "mixer_b16_224",
    "gmlp_ti16_224",
    "gmlp_b16_224",
    "resmlp_24_224",
    "resmlp_36_224",
)
written(
    "zoo_mixer",
    *(of_timm(name, (96, 160), features=3, odd_arguments={"img_size": (96, 160)}) for name in WHOLE),
    *(
        of_timm(name, (64, 96), features=3, odd_arguments={"img_size": (64, 96)}, only_odd=True)
        for name in RELATIVES
    ),
)
