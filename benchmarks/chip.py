"""Images a second that one chip trains on: ours on JAX, next to timm with torch.compile, and the share of its peak.

    python benchmarks/chip.py --peak 989 [--model resnet50] [--size 224] [--batch 256] [--steps 50]

bfloat16, SGD with momentum, a batch that lies on the chip already. Each side is a process of its own, in turn; the
first steps, in which it compiles, don't count. `--peak` is what the chip's maker promises, in TFLOP/s; the work of a
step is taken as three times that of inference, two for each multiply-add.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from sides import compare
from zoo import examples

_WARM_UP = 5


def ours(name: str, size: int, batch: int, steps: int) -> float:
    """Images a second by `model.fit`."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import keras

    import kzoo

    keras.config.set_dtype_policy("mixed_bfloat16")
    model = kzoo.create_model(name, input_shape=(size, size, 3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss)
    pair = tuple(map(jax.device_put, examples(size, batch)))
    model.fit((pair for _ in range(_WARM_UP)), steps_per_epoch=_WARM_UP, verbose=0)
    began = time.perf_counter()
    model.fit((pair for _ in range(steps)), steps_per_epoch=steps, verbose=0)
    return batch * steps / (time.perf_counter() - began)


def theirs(name: str, size: int, batch: int, steps: int) -> float:
    """Images a second by a loop."""
    import timm
    import torch

    place = "cuda" if torch.cuda.is_available() else "cpu"
    model = timm.create_model(name).to(place, memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    run = torch.compile(model)
    inputs, labels = (torch.from_numpy(each).to(place) for each in examples(size, batch))
    inputs = inputs.permute(0, 3, 1, 2)  # which is how channels_last lies in memory

    def go(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            with torch.autocast(place, torch.bfloat16):
                loss = torch.nn.functional.cross_entropy(run(inputs), labels)
            loss.backward()
            optimizer.step()
        loss.item()

    go(_WARM_UP)
    began = time.perf_counter()
    go(steps)
    return batch * steps / (time.perf_counter() - began)


def work_of_an_image(name: str, size: int) -> float:
    """FLOPs of a training step, for one image."""
    import kzoo
    from kzoo.models.cost import multiply_adds_of

    return 3 * 2 * multiply_adds_of(kzoo.create_model(name, input_shape=(size, size, 3)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--peak", type=float, help="TFLOP/s of the chip in bfloat16")
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", choices=("ours", "theirs"))
    asked = parser.parse_args()
    setting = (asked.model, asked.size, asked.batch, asked.steps)
    if asked.side:
        print({"ours": ours, "theirs": theirs}[asked.side](*setting))
        sys.exit()
    rates: list[float] = []

    def measured(side: str) -> float:
        done = subprocess.run(
            [sys.executable, *sys.argv, "--side", side], stdout=subprocess.PIPE, text=True, check=True
        )
        rates.append(float(done.stdout.split()[-1]))
        return rates[-1]

    what = f"{asked.model} at {asked.size}×{asked.size}, batch {asked.batch}, images a second"
    compare(what, lambda: measured("ours"), lambda: measured("theirs"), asked.rounds)
    if asked.peak:
        used = sorted(rates[2::2])[asked.rounds // 2] * work_of_an_image(asked.model, asked.size)
        print(f"ours uses {100 * used / (asked.peak * 1e12):.1f} % of {asked.peak:g} TFLOP/s")
