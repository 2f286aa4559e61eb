# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""VGG networks of timm: `python tests/golden/make_zoo_vgg.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = ("vgg11", "vgg16_bn")
RELATIVES = ("vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg19", "vgg19_bn")
written(
    "zoo_vgg",
    *(of_timm(name, odd=(97, 257)) for name in NAMES),
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
