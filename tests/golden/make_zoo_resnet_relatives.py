# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Res2Net, SKNet and ResNeSt of timm: `python tests/golden/make_zoo_resnet_relatives.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

# With batch statistics the attention normalizes means of two pictures: that is their order and little else, which a
# rounding error can turn around where channels are many, as in skresnext50_32x4d and resnest50d_4s2x40d.
NAMES = ("res2net50_26w_4s", "res2next50", "skresnet18", "resnest14d")
RELATIVES = (
    *("res2net50_14w_8s", "res2net50_26w_6s", "res2net50_26w_8s", "res2net50_48w_2s", "res2net50d"),
    *(
        "res2net101_26w_4s",
        "res2net101d",
        "skresnet34",
        "skresnext50_32x4d",
        "resnest26d",
        "resnest50d",
        "resnest50d_4s2x40d",
    ),
)
written(
    "zoo_resnet_relatives",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(97, 129), only_odd=True) for name in RELATIVES),
)
