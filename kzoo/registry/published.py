"""Weights that are named and not lying in a file here."""

from __future__ import annotations

# What files of weights end in, by what reads them.
WEIGHT_FILES = (".safetensors", ".weights.h5", ".pth", ".pt", ".bin")


def is_published(source: str) -> bool:
    """Whether weights are named, as timm's are, and not a file's path.

    >>> is_published("timm/resnet50.a1_in1k"), is_published("timm/model.safetensors"), is_published("a.h5")
    (True, False, False)
    """
    return source.startswith("timm/") and not source.endswith(WEIGHT_FILES)
