# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Vision transformers of timm: `python tests/golden/make_zoo_vit.py` from the project's folder."""

import numpy as np
import torch
from timm.layers import resample_abs_pos_embed

from tests.conformance.named_weights import value
from tests.golden.zoo import of_timm, written

WHOLE = (
    "test_vit",
    "test_vit2",
    "vit_tiny_patch16_224",
    "vit_small_patch16_224",
    "deit_tiny_patch16_224",
    "deit_tiny_distilled_patch16_224",
    "deit3_small_patch16_224",
)
RELATIVES = (
    "vit_tiny_patch16_384",
    "vit_small_patch16_384",
    "vit_small_patch32_224",
    "vit_small_patch32_384",
    "vit_base_patch8_224",
    "vit_base_patch16_224",
    "vit_base_patch16_384",
    "vit_base_patch32_224",
    "vit_base_patch32_384",
    "vit_wee_patch16_reg1_gap_256",
    "vit_little_patch16_reg4_gap_256",
    "vit_medium_patch16_reg4_gap_256",
    "deit_small_patch16_224",
    "deit_base_patch16_224",
    "deit_base_patch16_384",
    "deit_small_distilled_patch16_224",
    "deit_base_distilled_patch16_224",
    "deit_base_distilled_patch16_384",
    "deit3_small_patch16_384",
    "deit3_medium_patch16_224",
    "deit3_base_patch16_224",
    "deit3_base_patch16_384",
)


def places():
    """Position embeddings of another size, as timm resamples them: (prefix, rows, columns) of the new one."""
    golden, before = {}, torch.from_numpy(value("pos_embed", (1, 51, 5)))
    for rows, columns in ((4, 3), (7, 9), (14, 14), (2, 20)):
        for prefix in (2,):
            after = resample_abs_pos_embed(before, [rows, columns], num_prefix_tokens=prefix)
            golden[f"places.{rows}x{columns}"] = np.asarray(after)
    return golden


written(
    "zoo_vit",
    places(),
    # Its published weights have no classifier.
    of_timm(
        "vit_small_patch8_224",
        (64, 96),
        features=3,
        odd_arguments={"img_size": (64, 96)},
        only_odd=True,
        num_classes=1000,
    ),
    *(of_timm(name, (208, 240), features=3, odd_arguments={"img_size": (208, 240)}) for name in WHOLE),
    *(
        of_timm(name, (64, 96), features=3, odd_arguments={"img_size": (64, 96)}, only_odd=True)
        for name in RELATIVES
    ),
)
