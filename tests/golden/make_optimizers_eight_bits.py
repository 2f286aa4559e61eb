# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchao==0.18.0", "numpy"]
# ///
"""8-bit Adam of torchao on the walk of make_optimizers.py: writes optimizers_eight_bits.npz beside itself."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torchao.optim import Adam8bit, AdamW8bit, subclass_8bit
from torchao.optim.quant_utils import create_dynamic_map, dequant_with_qmap
from walk import keep

golden = {"maps.signed": create_dynamic_map(True), "maps.unsigned": create_dynamic_map(False)}


def numbers_of_codes(signed):
    """The map of the paper in float64, rounded to float32 once; theirs is rounded on the way."""
    numbers = [0.0, 1.0]
    for i in range(7):
        pieces = 2**i if signed else 2 ** (i + 1)
        middles = [10.0 ** (i - 6) * (0.1 + 0.9 * (k + 0.5) / pieces) for k in range(pieces)]
        numbers += middles + ([-each for each in middles] if signed else [])
    return tuple(float(np.float32(each)) for each in sorted(numbers))


subclass_8bit.get_qmap_signed = lambda: numbers_of_codes(True)
subclass_8bit.get_qmap_unsigned = lambda: numbers_of_codes(False)
# In float64 all but codes, maps and scales is float64, where they compute in float32 whatever the weight.
torch.Tensor.float = lambda self: self
subclass_8bit.OptimState8bit.dequantize = lambda self, output_dtype=None: dequant_with_qmap(
    self.codes,
    self.qmap.to(torch.get_default_dtype()),
    self.scale.to(torch.float32).to(torch.get_default_dtype()),
)
torch.compile = lambda function, **more: function


def small(base, block_size):
    """Their optimizer, which leaves weights of fewer than 4096 numbers whole, with all in 8 bits."""

    class Small(base):
        def __init__(self, weights, lr=1e-3, **more):
            super().__init__(weights, lr=torch.tensor(lr), **more)

        def _new_buffer(self, p, signed):
            return self._subclass_zeros(p, signed, min(block_size, p.numel()))

    return Small


golden["adam_8bit.against"] = (
    f"torchao.optim.Adam8bit with small weights in 8 bits too (torchao {version('torchao')}), torch.optim.Adam"
)
keep(
    golden,
    "adam_8bit",
    [
        ({"smallest": 1}, lambda w: small(Adam8bit, 256)(w)),
        (
            {
                "learning_rate": 0.01,
                "beta_1": 0.8,
                "beta_2": 0.95,
                "epsilon": 1e-3,
                "block_size": 3,
                "smallest": 1,
                "weight_decay": 0.1,
            },
            lambda w: small(AdamW8bit, 3)(w, lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
        ),
        ({"learning_rate": 0.02, "smallest": 100}, lambda w: torch.optim.Adam(w, lr=0.02)),
    ],
)
np.savez_compressed(Path(__file__).with_name("optimizers_eight_bits.npz"), **golden)
