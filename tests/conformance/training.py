"""Small trainings that a part takes part in, and saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .gradients import BACKEND

FEATURES = 6
# torch.compile stands in for XLA there, and needs a C++ compiler.
COMPILED = (False,) if BACKEND == "torch" else (False, True)


def batch(count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, FEATURES)).astype("float32"), generator.normal(
        size=(count, 1)
    ).astype("float32")


def linear_model(*layers: Any, outputs: int = 1, head: tuple[Any, ...] = ()) -> keras.Model:
    """A small model: dense, the layers given, dense, the head's layers; always with the same weights."""
    inputs = x = keras.Input((FEATURES,))
    first, last = keras.layers.Dense(FEATURES, name="first"), keras.layers.Dense(outputs, name="last")
    for layer in (first, *layers, last, *head):
        x = layer(x)
    model = keras.Model(inputs, x)
    generator = np.random.default_rng(1)
    for weight in model.trainable_weights:
        if len(weight.shape) == 2:
            weight.assign(generator.normal(scale=0.4, size=weight.shape))
    return model


def trained(
    make: Callable[[], keras.Model],
    jit_compile: bool,
    steps: int = 1,
    data: tuple[np.ndarray, np.ndarray] | None = None,
    **compile_arguments: Any,
) -> np.ndarray:
    """All weights after a few training steps, one after another."""
    model = make()
    model.compile(jit_compile=jit_compile, **{"loss": "mse", "optimizer": "sgd", **compile_arguments})
    model.optimizer.build(model.trainable_variables)  # as `fit` does: TensorFlow traces the step once then
    for _ in range(steps):
        loss = model.train_on_batch(*(data or batch()))
        assert np.isfinite(loss)
    return np.concatenate([np.ravel(each) for each in model.get_weights()])


def saved_and_loaded(model: keras.Model, folder: Path) -> keras.Model:
    """A model that went through a .keras file, with nothing unsafe in it."""
    path = folder / "model.keras"
    model.save(path)
    return keras.saving.load_model(path, safe_mode=True)
