# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "timm==1.0.31", "numpy"]
# ///
"""ConvMixers of timm: `python tests/golden/make_zoo_convmixer.py` from the project's folder."""

import torch
from timm.models.convmixer import ConvMixer

from tests.golden.zoo import filled, of_timm, results, written

NAME, SHAPE = "convmixer_768_32", (97, 129, 3)
golden = of_timm(NAME, odd=SHAPE[:2])
# In training mode 65 normalizations one behind the other make float32's rounding a thousand times larger: four blocks.
short = filled(ConvMixer(dim=768, depth=4, kernel_size=7, patch_size=7, act_layer=torch.nn.ReLU)).eval()
shorter = results(NAME, short, None, {"depth": 4}, SHAPE, SHAPE)
golden |= {key: array for key, array in shorter.items() if key.startswith(f"{NAME}.2.")}
written("zoo_convmixer", golden, of_timm("convmixer_1024_20_ks9_p14", odd=(65, 49), only_odd=True))
