# /// script
# requires-python = ">=3.11"
# dependencies = ["mnist1d==0.0.2.post1", "numpy"]
# ///
"""The authors' MNIST-1D: `uv run tests/golden/make_mnist1d.py` writes mnist1d.npz beside itself.

Every fortieth signal is kept whole, and of all of them two sums, which no other signal has.
"""

from pathlib import Path

import numpy as np
from mnist1d.data import make_dataset

made = make_dataset()
signals = np.concatenate([made["x"], made["x_test"]])
np.savez_compressed(
    Path(__file__).with_name("mnist1d.npz"),
    kept=np.float32(signals[::40]),
    sums=np.float32(signals @ np.stack([np.ones(40), np.linspace(-1, 1, 40)], axis=1)),
    labels=np.uint8(np.concatenate([made["y"], made["y_test"]])),
)
