# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""MobileNets and MnasNets of timm: `python tests/golden/make_zoo_mobilenet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

NAMES = (
    "mobilenetv1_100",
    "mobilenetv2_100",
    "mnasnet_100",
    "mobilenetv3_small_100",
    "mobilenetv3_large_100",
    "mobilenetv4_conv_small",
)
RELATIVES = (
    "mobilenetv1_125",
    "mobilenetv2_050",
    "mobilenetv2_110d",
    "mobilenetv2_120d",
    "mobilenetv2_140",
    "mnasnet_small",
    "semnasnet_075",
    "semnasnet_100",
    "mobilenetv3_small_050",
    "mobilenetv3_small_075",
    "mobilenetv3_large_150d",
    "tf_mobilenetv3_small_075",
    "tf_mobilenetv3_small_100",
    "tf_mobilenetv3_small_minimal_100",
    "tf_mobilenetv3_large_075",
    "tf_mobilenetv3_large_100",
    "tf_mobilenetv3_large_minimal_100",
    "mobilenetv4_conv_small_050",
    "mobilenetv4_conv_medium",
    "mobilenetv4_conv_large",
)
written(
    "zoo_mobilenet",
    *(of_timm(name, odd=(97, 129)) for name in NAMES),
    *(of_timm(name, odd=(65, 49), only_odd=True) for name in RELATIVES),
)
