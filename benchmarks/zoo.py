"""Images a second of models of pictures, next to the same network in timm and in keras.applications.

    python benchmarks/zoo.py [MODEL ...] [--size 64] [--backend tensorflow]

Inference and one training step with SGD, float32, batches of 32. Ours and Keras's as Keras compiles them on the
backend, PyTorch eager and, where it can, compiled. All in one process, in turn.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_BATCH = 32
_ENOUGH = 1.0  # seconds that one measurement takes at least
# What the network is called in keras.applications, where that has it.
IN_KERAS = {"resnet50": "ResNet50", "densenet121": "DenseNet121", "convnext_tiny": "ConvNeXtTiny"}
IN_KERAS |= {"mobilenetv3_large_100": "MobileNetV3Large", "mobilenetv2_100": "MobileNetV2"}
MODELS = ("resnet18", "mobilenetv3_large_100", "convnext_atto", "vit_tiny_patch16_224")


def images_a_second(step: Callable[[], Any]) -> float:
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < _ENOUGH:
        step()
        calls += 1
    return _BATCH * calls / (time.perf_counter() - began)


def examples(size: int, batch: int = _BATCH) -> tuple[Any, Any]:
    """A batch of noise with labels."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(batch, size, size, 3)).astype("float32")
    return inputs, generator.integers(1000, size=batch)


def of_keras(model: Any, inputs: Any, labels: Any) -> dict[str, Callable[[], Any]]:
    """Inference and training of a Keras model, a batch a call."""
    import keras

    model.compile(keras.optimizers.SGD(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {
        "inference": lambda: model.predict_on_batch(inputs),
        "training": lambda: model.train_on_batch(inputs, labels),
    }


def of_torch(name: str, inputs: Any, labels: Any, compiled: bool) -> dict[str, Callable[[], Any]]:
    """The same of timm's model."""
    import timm
    import torch

    sized = {"img_size": inputs.shape[1]} if name.startswith(("vit", "deit", "swin")) else {}
    model = timm.create_model(name, **sized)
    x = torch.from_numpy(np.ascontiguousarray(inputs.transpose(0, 3, 1, 2)))
    y = torch.from_numpy(labels)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    run = torch.compile(model) if compiled else model

    def training():
        model.train()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(run(x), y).backward()
        optimizer.step()

    def inference():
        model.eval()
        with torch.inference_mode():
            return run(x).numpy()

    return {"inference": inference, "training": training}


def run(name: str, size: int) -> None:
    import keras
    from sides import compare

    import kzoo

    inputs, labels = examples(size)
    ours = of_keras(kzoo.create_model(name, input_shape=(size, size, 3)), inputs, labels)
    others = {}
    if name in IN_KERAS:
        theirs = kzoo.create_model(f"keras/{IN_KERAS[name]}", input_shape=(size, size, 3))
        others["keras.applications"] = of_keras(theirs, inputs, labels)
    try:
        others["timm"] = of_torch(name, inputs, labels, compiled=False)
        others["timm, compiled"] = of_torch(name, inputs, labels, compiled=True)
    except ImportError:
        print("timm isn't installed")
    print(f"\n{name} at {size}×{size} on {keras.backend.backend()}", flush=True)
    for whose, steps in others.items():
        for mode, step in steps.items():
            try:
                compare(
                    f"  images a second, {mode}, {whose}",
                    lambda mode=mode: images_a_second(ours[mode]),
                    lambda step=step: images_a_second(step),
                    rounds=3,
                )
            except Exception as error:  # a compiler that is missing, say: the other sides still count
                print(f"  {mode}, {whose}: {type(error).__name__}: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--backend", default="tensorflow")
    asked = parser.parse_args()
    os.environ["KERAS_BACKEND"] = asked.backend
    for model in asked.models:
        run(model, asked.size)
