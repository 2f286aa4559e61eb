"""A third side of benchmarks/input.py: the same operations by torchvision, on Pillow's pictures."""

from __future__ import annotations

import torch
from PIL import Image
from torchvision import transforms


class Change:
    """A random window brought to a size, mirrored or not, other colours, RandAugment."""

    def __init__(self, size: int):
        self.change = transforms.Compose(
            [
                transforms.RandomResizedCrop(size),
                transforms.RandomHorizontalFlip(),
                transforms.ColorJitter(0.4, 0.4, 0.4, 0.1),
                transforms.RandAugment(num_ops=2, magnitude=9),
                transforms.PILToTensor(),
            ]
        )

    def __call__(self, picture: Image.Image) -> torch.Tensor:
        return self.change(picture).permute(1, 2, 0)
