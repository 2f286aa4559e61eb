"""What each loss costs, forward and backward, next to Keras's nearest and to PyTorch's.

    python benchmarks/losses.py [PATTERN ...]

On TensorFlow, in a compiled function without XLA, as Keras trains on a CPU; PyTorch eagerly, on as many threads as
there are cores. All in one process, in turn. Wanted: none above 1.2 times its nearest without a reason in its card.
"""

from __future__ import annotations

import fnmatch
import sys
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import torch
from loss_cases import CASES, Case
from sides import compare

from kzoo.registry import catalogue

_ENOUGH = 0.1  # seconds that one measurement takes at least


def on_tensorflow(loss: Callable, y_true: np.ndarray, y_pred: np.ndarray) -> Callable[[], object]:
    """One step: the loss and its gradient by the predictions."""
    targets, predictions = tf.constant(y_true), tf.Variable(y_pred)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss(targets, predictions.read_value())
        return tape.gradient(value, predictions)

    return lambda: step().numpy()


def on_torch(loss: Callable, y_true: np.ndarray, y_pred: np.ndarray) -> Callable[[], object]:
    """The same step in PyTorch; its losses take the predictions first."""
    targets, predictions = torch.from_numpy(y_true), torch.from_numpy(y_pred).requires_grad_(True)
    return lambda: torch.autograd.grad(loss(predictions, targets).mean(), predictions)


def milliseconds(step: Callable[[], object]) -> float:
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < _ENOUGH:
        step()
        calls += 1
    return 1000 * (time.perf_counter() - began) / calls


def run(case: Case) -> None:
    y_true, y_pred = case.inputs(np.random.default_rng(0))
    ours = on_tensorflow(catalogue().find("loss", case.name).load()(**case.arguments), y_true, y_pred)
    print(f"\n{case.name} on {'×'.join(map(str, y_pred.shape))}", flush=True)
    others = {}
    if case.keras is not None:
        others["Keras"] = on_tensorflow(case.keras, y_true, y_pred)
    if case.torch is not None:
        others["PyTorch"] = on_torch(case.torch, y_true, y_pred)
    for whose, theirs in others.items():
        compare(f"  ms, {whose}", lambda: milliseconds(ours), lambda theirs=theirs: milliseconds(theirs))
    if not others:
        ours()  # traces
        print(f"  ms: {milliseconds(ours):.4g}", flush=True)


if __name__ == "__main__":
    patterns = sys.argv[1:] or ["*"]
    for case in CASES:
        if any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns):
            run(case)
