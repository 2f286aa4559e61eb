"""Steps whose memory is forecast and measured: models × optimizers × batches × remat × training and inference."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Case:
    """One step.

    Args:
        model: The model's name.
        shape: Shape of one input.
        batch: Examples a step.
        optimizer: The optimizer's spec; None for inference.
        remat: What `keras.RematScope` is to recompute: `full`, `activations`; None for nothing.
        precision: The dtype policy.
    """

    model: str
    shape: tuple[int, ...]
    batch: int
    optimizer: Any = None
    remat: str | None = None
    precision: str = "float32"

    @property
    def name(self) -> str:
        optimizer = self.optimizer["name"] if isinstance(self.optimizer, dict) else self.optimizer
        words = [self.model, "×".join(map(str, self.shape)), str(self.batch), optimizer or "inference"]
        words += [f"remat {self.remat}"] * bool(self.remat)
        return " ".join(words + [self.precision] * (self.precision != "float32"))


_SMALL, _TINY, _SIGNAL = (64, 64, 3), (32, 32, 3), (28, 28, 1)
_MOMENTUM = {"name": "sgd", "momentum": 0.9}
CASES = (
    Case("softmax_regression", _SIGNAL, 256, "sgd"),
    Case("mlp", _SIGNAL, 32, "adamw"),
    Case("mlp", _SIGNAL, 4096, "sgd"),
    Case("lenet5", _SIGNAL, 512, "adamw"),
    Case("mnist_cnn", _SIGNAL, 64, "adamw"),
    Case("mnist_cnn", _SIGNAL, 512, "adamw"),
    Case("resnet20", _TINY, 32, _MOMENTUM),
    Case("resnet20", _TINY, 128, "adamw"),
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
    Case("vit_tiny_patch16_224", (224, 224, 3), 8, "adamw", remat="full"),
    Case("mixer_s16_224", (224, 224, 3), 8, "adamw"),
    Case("mixer_s16_224", (224, 224, 3), 8, "adamw", remat="full"),
    Case("mlp", _SIGNAL, 4096, "sgd", remat="full"),
    Case("convnext_atto", _SMALL, 32, "adamw"),
    Case("mlp", _SIGNAL, 4096),
    Case("mnist_cnn", _SIGNAL, 512),
    Case("resnet20", _TINY, 128),
    Case("resnet50", _SMALL, 32),
    Case("vit_tiny_patch16_224", (224, 224, 3), 32),
    Case("mixer_s16_224", (224, 224, 3), 32),
)
CLASSES = 10


def recipe_of(case: Case) -> dict[str, Any]:
    """A case as a recipe; its data is named, and stood in for."""
    loss = {"name": "sparse_categorical_crossentropy", "from_logits": True}
    return {
        "name": case.model,
        "data": {"name": "digits", "batch_size": case.batch},
        "model": {"name": case.model},
        "compile": {"loss": loss, "optimizer": case.optimizer or "sgd", "metrics": ["accuracy"]},
        "run": {"precision": case.precision},
    }


HABITS: frozenset[str] = frozenset()
