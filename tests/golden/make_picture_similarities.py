# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0", "numpy"]
# ///
"""tf.image on noisy pictures made from a seed: `uv run tests/golden/make_picture_similarities.py` writes
picture_similarities.npz. TensorFlow computes them in float32, so that there are values only, no gradients."""

from pathlib import Path

import numpy as np
import tensorflow as tf

SHAPES = {"default": (2, 176, 163, 2), "odd": (1, 187, 201, 1)}
golden = {"against": f"tf.image.ssim, tf.image.ssim_multiscale (tensorflow {tf.__version__})"}
for name, shape in SHAPES.items():
    generator = np.random.default_rng(len(name))
    y_true = generator.uniform(size=shape).astype("float32")
    y_pred = (0.8 * y_true + 0.2 * generator.uniform(size=shape)).astype("float32")
    golden[f"{name}.shape"] = shape
    golden[f"{name}.ssim"] = tf.image.ssim(y_true, y_pred, 1.0).numpy()
    golden[f"{name}.ms_ssim"] = tf.image.ssim_multiscale(y_true, y_pred, 1.0).numpy()
np.savez_compressed(Path(__file__).with_name("picture_similarities.npz"), **golden)
