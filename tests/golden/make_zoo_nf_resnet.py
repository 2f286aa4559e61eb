# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""timm's NF-ResNets: `python tests/golden/make_zoo_nf_resnet.py` from the project's folder."""

from tests.golden.zoo import of_timm, written

written(
    "zoo_nf_resnet",
    of_timm("nf_resnet50", odd=(97, 129)),
    *(
        of_timm(name, odd=(97, 129), only_odd=True)
        for name in (
            "nf_resnet26",
            "nf_resnet101",
            "nf_seresnet26",
            "nf_seresnet50",
            "nf_ecaresnet26",
            "nf_ecaresnet50",
        )
    ),
)
