# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""Swin transformers of timm: `python tests/golden/make_zoo_swin.py` from the project's folder."""

import numpy as np
import torch
from timm.layers.pos_embed_rel import resize_rel_pos_bias_table

from tests.conformance.named_weights import value
from tests.golden.zoo import of_timm, written

# The other size is one that windows don't fill, whose last maps are smaller than a window.
WHOLE = ("swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256")
RELATIVES = (
    "swin_small_patch4_window7_224",
    "swin_base_patch4_window7_224",
    "swin_base_patch4_window12_384",
    "swin_s3_tiny_224",
    "swin_s3_small_224",
    "swin_s3_base_224",
    "swinv2_tiny_window16_256",
    "swinv2_small_window8_256",
    "swinv2_small_window16_256",
    "swinv2_base_window8_256",
    "swinv2_base_window16_256",
    "swinv2_base_window12to16_192to256",
)


def compared(name, odd, only_odd=False):
    return of_timm(name, odd, odd_arguments={"img_size": odd}, only_odd=only_odd, drop_path_rate=0.0)


def tables():
    """Tables of a window of 7×7 for others, as timm resamples them."""
    golden, before = {}, torch.from_numpy(value("relative_position_bias_table", (169, 3)))
    for rows, columns in ((8, 8), (12, 12), (7, 10), (4, 7), (1, 3)):
        ways = (2 * rows - 1) * (2 * columns - 1)
        after = resize_rel_pos_bias_table(before, (rows, columns), (ways, 3))
        golden[f"table.{rows}x{columns}"] = np.asarray(after)
    return golden


written(
    "zoo_swin",
    tables(),
    *(compared(name, (96, 160)) for name in WHOLE),
    *(compared(name, (64, 96), only_odd=True) for name in RELATIVES),
)
