"""A third side of benchmarks/input.py: the same operations by torchvision, on Pillow's pictures."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torchvision import transforms


class Pictures(torch.utils.data.Dataset):
    """Pictures in class folders, each changed at random when it is asked for.

    Args:
        folder: The folder.
        size: Height and width of what comes out.
    """

    def __init__(self, folder: Path, size: int):
        self.files = sorted(folder.glob("*/*.jpg"))
        self.classes = [int(file.parent.name) for file in self.files]
        self.change = transforms.Compose(
            [
                transforms.RandomResizedCrop(size),
                transforms.RandomHorizontalFlip(),
                transforms.ColorJitter(0.4, 0.4, 0.4, 0.1),
                transforms.RandAugment(num_ops=2, magnitude=9),
                transforms.PILToTensor(),
            ]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        with Image.open(self.files[index]) as file:
            picture = file.convert("RGB")
        return self.change(picture).permute(1, 2, 0), self.classes[index]
