"""Steps whose memory is forecast and measured: models × optimizers × batches × remat × training and inference."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class Case:
    """One step.

    Args:
        model: The model's name.
        shape: Shape of one input.
        batch: Examples a step.
        optimizer: The optimizer's spec; None for inference.
        remat: As run.remat.
        precision: The dtype policy.
    """

    model: str
    shape: tuple[int, ...]
    batch: int
    optimizer: Any = None
    remat: bool = False
    precision: str = "float32"

    @property
    def name(self) -> str:
        optimizer = self.optimizer["name"] if isinstance(self.optimizer, dict) else self.optimizer
        words = [self.model, "×".join(map(str, self.shape)), str(self.batch), optimizer or "inference"]
        words += ["remat"] * self.remat
        return " ".join(words + [self.precision] * (self.precision != "float32"))


_SMALL, _TINY, _SIGNAL = (64, 64, 3), (32, 32, 3), (28, 28, 1)
_MOMENTUM = {"name": "sgd", "momentum": 0.9}
CASES = (
    Case("softmax_regression", _SIGNAL, 256, "sgd"),
    Case("mlp", _SIGNAL, 32, "adamw"),
    Case("mlp", _SIGNAL, 4096, "sgd"),
    Case("mlp", _SIGNAL, 512, "adam_8bit"),
    Case("mlp", _SIGNAL, 512, "kzoo/adafactor"),
    Case("lenet5", _SIGNAL, 512, "adamw"),
    Case("lenet5", _SIGNAL, 64, "lion"),
    Case("mnist_cnn", _SIGNAL, 64, "adamw"),
    Case("mnist_cnn", _SIGNAL, 512, "adamw"),
    Case("resnet20", _TINY, 32, _MOMENTUM),
    Case("resnet20", _TINY, 128, "adamw"),
    Case("resnet20", _TINY, 128, "adamw", remat=True),
    Case("resnet20", _TINY, 64, "kzoo/adafactor"),
    Case("preresnet20", _TINY, 64, "adamw"),
    Case("wrn16_4", _TINY, 32, "lion"),
    Case("densenet40_k12", _TINY, 32, _MOMENTUM),
    Case("resnet18", _SMALL, 32, "adamw"),
    Case("resnet50", _SMALL, 8, "adamw"),
    Case("resnet50", _SMALL, 32, "adamw"),
    Case("resnet50", _SMALL, 32, "sgd"),
    Case("resnet50", _SMALL, 32, "lion"),
    Case("resnet50", _SMALL, 32, "kzoo/adafactor"),
    Case("resnet50", _SMALL, 32, "adam_8bit"),
    Case("vgg11_bn", _SMALL, 32, "adamw"),
    Case("vit_tiny_patch16_224", (224, 224, 3), 8, "adamw"),
    Case("vit_tiny_patch16_224", (224, 224, 3), 32, "lion"),
    Case("vit_tiny_patch16_224", (224, 224, 3), 8, "adamw", remat=True),
    Case("mixer_s16_224", (224, 224, 3), 8, "adamw"),
    Case("mixer_s16_224", (224, 224, 3), 8, "adamw", remat=True),
    Case("convnext_atto", _SMALL, 32, "adamw"),
    Case("softmax_regression", _SIGNAL, 256),
    Case("mlp", _SIGNAL, 4096),
    Case("lenet5", _SIGNAL, 512),
    Case("mnist_cnn", _SIGNAL, 512),
    Case("resnet20", _TINY, 128),
    Case("resnet50", _SMALL, 32),
    Case("vit_tiny_patch16_224", (224, 224, 3), 32),
    Case("mixer_s16_224", (224, 224, 3), 32),
)
CLASSES = 10
_POOLING = "Max pooling's backward pass is four arrays of indices and four of sums; as much again lies empty."
_ROWS = "Softmax's and normalizations' numbers, one a row, are written out for the whole row"
_KEPT = "What is to be computed again is kept all the same: the list is that of the step without."
_LOOKED_UP = "What is looked up for codes lies there in numbers of four bytes, of many weights at once."
# What XLA on the CPU holds besides, where a forecast is off: as benchmarks/xla_peak.py lists it.
HABITS = {
    "mlp 28×28×1 512 adam_8bit": _LOOKED_UP,
    "mnist_cnn 28×28×1 64 adamw": _POOLING,
    "mnist_cnn 28×28×1 512 adamw": _POOLING,
    "resnet20 32×32×3 128 adamw remat": _KEPT,
    "densenet40_k12 32×32×3 32 sgd": "Each concatenation lies there twice: once turned for a kernel's gradient.",
    "resnet18 64×64×3 32 adamw": "Kernels turned round, all at once and twice (57 MB); 49 MB lie empty.",
    "resnet50 64×64×3 32 sgd": "Kernels turned round, all at once (47 MB); 26 MB lie empty.",
    "resnet50 64×64×3 32 adam_8bit": _LOOKED_UP,
    "vgg11_bn 64×64×3 32 adamw": "What is pooled, cut up and joined (64 MB); ReLU's zeros, written out (64 MB).",
    "vit_tiny_patch16_224 224×224×3 8 adamw": f"{_ROWS} (74 MB).",
    "vit_tiny_patch16_224 224×224×3 32 lion": f"{_ROWS} (295 MB); means of rows and what differs from them (232 MB).",
    "vit_tiny_patch16_224 224×224×3 8 adamw remat": _KEPT,
    "mixer_s16_224 224×224×3 8 adamw remat": _KEPT,
    "convnext_atto 64×64×3 32 adamw": "A depthwise kernel's gradient is a dense one's: 2 × 20 MB for 63 kB.",
    "mnist_cnn 28×28×1 512 inference": "It holds less: all after the first convolution melts into one call.",
    "resnet20 32×32×3 128 inference": "Sums of blocks are computed again: results of four convolutions are kept.",
    "resnet50 64×64×3 32 inference": "Kernels turned round ahead (19 MB); 23 MB lie empty.",
    "vit_tiny_patch16_224 224×224×3 32 inference": "GELU is put beside what it reads, not in its place (19 MB).",
    "mixer_s16_224 224×224×3 32 inference": "GELU in two pieces, a constant written out: 51 MB each; 51 MB lie empty.",
}


def recipe_of(case: Case) -> Any:
    """A case as a recipe; its data is named, and stood in for."""
    loss = {"name": "sparse_categorical_crossentropy", "from_logits": True}
    return loaded(
        {
            "name": case.model,
            "data": {"name": "digits", "batch_size": case.batch},
            "model": {"name": case.model},
            "compile": {"loss": loss, "optimizer": case.optimizer or "sgd", "metrics": ["accuracy"]},
            "run": {"precision": case.precision, "remat": case.remat},
        }
    )


def loaded(plain: dict[str, Any]) -> Any:
    """A recipe from plain data, by way of a file that is gone afterwards."""
    from kzoo.recipe import load_recipe

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "case.yaml")
        path.write_text(json.dumps(plain), encoding="utf-8")
        return load_recipe(path)
