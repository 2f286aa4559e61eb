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
# Set apart in docs/memory.md: XLA on the CPU holds more there, partly for reasons that weren't looked into.
HABITS = frozenset(
    {
        "mnist_cnn 28×28×1 64 adamw",  # max pooling's indices
        "mnist_cnn 28×28×1 512 adamw",
        "densenet40_k12 32×32×3 32 sgd",
        "resnet18 64×64×3 32 adamw",  # kernels turned round
        "vgg11_bn 64×64×3 32 adamw",
        "resnet50 64×64×3 32 sgd",
        "mlp 28×28×1 512 adam_8bit",
        "resnet50 64×64×3 32 adam_8bit",
        "vit_tiny_patch16_224 224×224×3 32 lion",  # rows' numbers written out
        "convnext_atto 64×64×3 32 adamw",  # a depthwise kernel's gradient as a dense one
        "resnet20 32×32×3 128 adamw remat",  # on the CPU nothing is saved
        "vit_tiny_patch16_224 224×224×3 8 adamw remat",
        "mixer_s16_224 224×224×3 8 adamw remat",
        "mnist_cnn 28×28×1 512 inference",
        "resnet20 32×32×3 128 inference",
        "resnet50 64×64×3 32 inference",
    }
)


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
