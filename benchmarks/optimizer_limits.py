"""How long a step on ResNet-50's weights takes at least on this machine, by its memory and by its processors.

    python benchmarks/optimizer_limits.py

Memory: the pace of adding two arrays of 25.6 million numbers into a third, and what a rule takes at that pace that
reads and writes each of its arrays once. Processors: the pace of a product of two matrices of 4096×4096, and what
Muon's five iterations take at that.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import tensorflow as tf
from optimizers import resnet50

NUMBERS = sum(math.prod(shape) for shape in resnet50())
# How many arrays as long as all weights are read and written, at least, if norms need no pass of their own.
RULES = {"momentum, lion": 5, "adam, nadam, radam": 7}
SIDE, ITERATIONS = 4096, 5


def seconds(run: Callable[[], tf.Tensor], calls: int = 15) -> float:
    """The median of several calls; the first few don't count."""
    times = []
    for _ in range(calls + 3):
        began = time.perf_counter()
        run().numpy()
        times.append(time.perf_counter() - began)
    return statistics.median(times[3:])


def newton_schulz() -> int:
    """Additions and multiplications of Muon's products, for all weights that are matrices."""
    count = 0
    for *before, outputs in resnet50():
        if before:
            short, long = sorted((math.prod(before), outputs))
            # The Gram matrix, its square, and both times the matrix.
            count += ITERATIONS * 2 * (2 * short * short * long + short**3)
    return count


def main() -> None:
    one, other, sum_ = (
        tf.random.normal([NUMBERS]),
        tf.random.normal([NUMBERS]),
        tf.Variable(tf.zeros([NUMBERS])),
    )

    @tf.function(jit_compile=True)
    def add() -> tf.Tensor:
        sum_.assign(one + other)
        return sum_[0]

    pace = 3 * 4 * NUMBERS / seconds(add)
    print(f"memory: {pace / 1e9:.1f} GB/s")
    for rule, arrays in RULES.items():
        print(f"  {rule}, {arrays} arrays: {1000 * arrays * 4 * NUMBERS / pace:.0f} ms")
    matrix = tf.random.normal((SIDE, SIDE))
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    pace = 2 * SIDE**3 / seconds(product, calls=5)
    print(f"products of matrices: {pace / 1e9:.0f} GFLOP/s")
    print(f"  muon, {newton_schulz() / 1e9:.0f} GFLOP: {1000 * newton_schulz() / pace:.0f} ms")


if __name__ == "__main__":
    main()
