"""Where ConvNeXt's time goes: milliseconds of what its blocks are made of, next to PyTorch.

    python benchmarks/convnext_operations.py

The sizes are convnext_atto's at 224×224, in batches of 32, forward, on the CPU: layers of Keras on TensorFlow and on
JAX, as the model has them, and PyTorch's. Each side is a process of its own, since all want all cores.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

BATCH, ROUNDS = 32, 9
STAGES = ((56, 40, 2), (28, 80, 2), (14, 160, 6), (7, 320, 2))  # side, channels, blocks
OPERATIONS = ("depthwise 7×7", "normalization", "dense, four times wider", "GELU", "dense, back")


def milliseconds(run: Callable[[], object]) -> float:
    """The median of several calls; the first two don't count."""
    times = []
    for _ in range(ROUNDS + 2):
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[2:])


def on_keras(side: int, channels: int) -> list[float]:
    import keras
    import numpy as np

    x = keras.random.normal((BATCH, side, side, channels))
    wide = keras.random.normal((BATCH, side, side, 4 * channels))
    layers = [
        (keras.layers.DepthwiseConv2D(7, padding="same"), x),
        (keras.layers.LayerNormalization(epsilon=1e-6), x),
        (keras.layers.Dense(4 * channels), x),
        (keras.layers.Activation("gelu"), wide),
        (keras.layers.Dense(channels), wide),
    ]
    found = []
    for layer, inputs in layers:
        layer.build(inputs.shape)
        run = compiled(layer)
        found.append(milliseconds(lambda run=run, inputs=inputs: np.asarray(run(inputs))))
    return found


def compiled(layer: Callable[..., object]) -> Callable[..., object]:
    """A layer as Keras's `predict` runs it on a CPU."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(layer)
    import tensorflow as tf

    return tf.function(layer)


def on_torch(side: int, channels: int) -> list[float]:
    import torch
    from torch import nn

    x, wide = torch.randn(BATCH, side, side, channels), torch.randn(BATCH, side, side, 4 * channels)
    layers = [
        (nn.Conv2d(channels, channels, 7, padding=3, groups=channels), x.permute(0, 3, 1, 2)),
        (nn.LayerNorm(channels, eps=1e-6), x),
        (nn.Linear(channels, 4 * channels), x),
        (nn.GELU(), wide),
        (nn.Linear(4 * channels, channels), wide),
    ]
    with torch.inference_mode():
        return [milliseconds(lambda layer=layer, inputs=inputs: layer(inputs)) for layer, inputs in layers]


def of_process(which: str) -> list[float]:
    """All numbers of one side, measured in a new process."""
    command = [sys.executable, __file__, which]
    own = {**os.environ, "KERAS_BACKEND": which}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=own)
    return [float(each) for each in done.stdout.split()]


def main() -> None:
    sides = [of_process(which) for which in ("tensorflow", "jax", "torch")]
    print("| side, channels | blocks | " + " | ".join(OPERATIONS) + " |")
    print("| --- " * (2 + len(OPERATIONS)) + "|")
    for number, (width, channels, blocks) in enumerate(STAGES):
        these = range(number * len(OPERATIONS), (number + 1) * len(OPERATIONS))
        cells = " | ".join(", ".join(f"{side[each]:.1f}" for side in sides) for each in these)
        print(f"| {width}×{width}, {channels} | {blocks} | {cells} |")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if len(sys.argv) > 1:
        measure = on_torch if sys.argv[1] == "torch" else on_keras
        print(*(each for side, channels, _ in STAGES for each in measure(side, channels)))
    else:
        main()
