"""What a step of each optimizer costs, next to Keras's Adam and to PyTorch's optimizer of the same name.

    python benchmarks/optimizers.py [PATTERN ...] [--xla] [--on resnet50 small]

On the 161 weight tensors of a ResNet-50 (25.6 million numbers) and on 1,000 small ones (64 numbers each). TensorFlow in
one function, with `--xla` compiled by XLA as `model.fit` has it on a GPU, PyTorch with its default loops, both on all
cores, in turn. Wanted: at most 1.1 times Keras's Adam for those with one or two slots.
"""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
import torch
from sides import compare

from kzoo.registry import catalogue
from kzoo.registry.card import Card

_TORCH = {
    "adafactor": torch.optim.Adafactor,
    "asgd": torch.optim.ASGD,
    "momentum": lambda weights: torch.optim.SGD(weights, lr=0.01, momentum=0.9),
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rprop": torch.optim.Rprop,
    "amsgrad": lambda weights: torch.optim.Adam(weights, amsgrad=True),
}


def resnet50() -> list[tuple[int, ...]]:
    """The shapes of the weights that are trained."""
    shapes: list[tuple[int, ...]] = [(7, 7, 3, 64), (64,), (64,)]
    before = 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            for kernel in ((1, 1, before, width), (3, 3, width, width), (1, 1, width, 4 * width)):
                shapes += [kernel, kernel[-1:], kernel[-1:]]
            if block == 0:
                shapes += [(1, 1, before, 4 * width), (4 * width,), (4 * width,)]
            before = 4 * width
    return [*shapes, (2048, 1000), (1000,)]


def on_tensorflow(
    optimizer: keras.optimizers.Optimizer, shapes: Sequence[tuple[int, ...]], xla: bool
) -> Callable[[], object]:
    generator = np.random.default_rng(0)
    weights = [keras.Variable(generator.normal(size=shape).astype("float32")) for shape in shapes]
    gradients = [tf.constant(generator.normal(size=shape).astype("float32")) for shape in shapes]
    optimizer.build(weights)

    @tf.function(jit_compile=xla)
    def step():
        optimizer.apply(gradients, weights)
        return weights[-1].value[0]

    return lambda: step().numpy()


def on_torch(make: Callable, shapes: Sequence[tuple[int, ...]]) -> Callable[[], object]:
    weights = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    for weight in weights:
        weight.grad = torch.randn(weight.shape)
    return make(weights).step


def milliseconds(step: Callable[[], object]) -> float:
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < 0.5:
        step()
        calls += 1
    return 1000 * (time.perf_counter() - began) / calls


def run(what: str, shapes: Sequence[tuple[int, ...]], card: Card, xla: bool) -> None:
    adam = on_tensorflow(keras.optimizers.Adam(), shapes, xla)
    ours = on_tensorflow(card.load()(), shapes, xla)
    sides = {"Keras's Adam": adam}
    if card.name in _TORCH:
        sides["PyTorch"] = on_torch(_TORCH[card.name], shapes)
    for whose, theirs in sides.items():
        compare(
            f"{what}, {card.name}, ms, {whose}",
            lambda: milliseconds(ours),
            lambda theirs=theirs: milliseconds(theirs),
            rounds=3,
        )


if __name__ == "__main__":
    assert len(resnet50()) == 161 and sum(map(np.prod, resnet50())) == 25_557_032
    weights = {"resnet50": resnet50(), "small": [(8, 8)] * 1000}
    parser = argparse.ArgumentParser()
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--xla", action="store_true")
    parser.add_argument("--on", nargs="+", choices=weights, default=[*weights])
    asked = parser.parse_args()
    cards = [card for card in catalogue().cards("optimizer") if card.package == "kzoo"]
    cards = [card for card in cards if any(fnmatch.fnmatch(card.name, each) for each in asked.patterns)]
    for what in asked.on:
        for card in cards:
            if len(cards) == 1:
                run(what, weights[what], card, asked.xla)
            else:  # in a process of its own: TensorFlow doesn't give back all of the memory
                options = ["--on", what, *["--xla"] * asked.xla]
                subprocess.run([sys.executable, __file__, card.name, *options], check=True)
