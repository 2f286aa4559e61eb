"""The other side of benchmarks/input.py: a dataset for PyTorch's DataLoader, with Pillow and NumPy."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

STRENGTH = 9 / 30
NEAREST = Image.Resampling.NEAREST


class Pictures(torch.utils.data.Dataset):
    """Pictures in class folders, each changed at random when it is asked for.

    Args:
        folder: The folder.
        change: Gets a picture, returns a tensor `(height, width, 3)`.
    """

    def __init__(self, folder: Path, change: Callable[[Image.Image], torch.Tensor]):
        self.files = sorted(folder.glob("*/*.jpg"))
        self.classes = [int(file.parent.name) for file in self.files]
        self.change = change

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        with Image.open(self.files[index]) as file:
            picture = file.convert("RGB")
        return self.change(picture), self.classes[index]


@dataclass
class Change:
    """A random window brought to a size, mirrored or not, other colours, RandAugment."""

    size: int

    def __call__(self, picture: Image.Image) -> torch.Tensor:
        picture = cropped(picture, self.size)
        if random.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return torch.from_numpy(np.array(augmented(jittered(picture))))


def cropped(picture: Image.Image, size: int) -> Image.Image:
    """A random window, 8 % to 100 % of the picture, brought to a size."""
    width, height = picture.size
    wide = high = min(width, height)
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        tried = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if tried[0] <= width and tried[1] <= height:
            wide, high = tried
            break
    left, top = random.randint(0, width - wide), random.randint(0, height - high)
    return picture.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + wide, top + high))


def jittered(picture: Image.Image) -> Image.Image:
    """Brightness, contrast, saturation, hue."""
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = change(picture).enhance(random.uniform(0.6, 1.4))
    hue, saturation, value = picture.convert("HSV").split()
    turned = np.asarray(hue) + np.uint8(int(random.uniform(-0.1, 0.1) * 255) % 256)
    return Image.merge("HSV", (Image.fromarray(turned), saturation, value)).convert("RGB")


def augmented(picture: Image.Image) -> Image.Image:
    """RandAugment: two operations."""
    for _ in range(2):
        picture = OPERATIONS[random.randrange(14)](picture, random.choice((-1, 1)))
    return picture


def moved(picture: Image.Image, *matrix: float) -> Image.Image:
    return picture.transform(picture.size, Image.Transform.AFFINE, matrix, NEAREST)


def share(side: int) -> int:
    return int(150 / 331 * side * STRENGTH)


OPERATIONS = [
    lambda picture, sign: picture,
    lambda picture, sign: moved(picture, 1, 0.3 * STRENGTH * sign, 0, 0, 1, 0),
    lambda picture, sign: moved(picture, 1, 0, 0, 0.3 * STRENGTH * sign, 1, 0),
    lambda picture, sign: moved(picture, 1, 0, sign * share(picture.width), 0, 1, 0),
    lambda picture, sign: moved(picture, 1, 0, 0, 0, 1, sign * share(picture.height)),
    lambda picture, sign: picture.rotate(30 * STRENGTH * sign, NEAREST),
    lambda picture, sign: ImageEnhance.Brightness(picture).enhance(1 + 0.9 * STRENGTH * sign),
    lambda picture, sign: ImageEnhance.Color(picture).enhance(1 + 0.9 * STRENGTH * sign),
    lambda picture, sign: ImageEnhance.Contrast(picture).enhance(1 + 0.9 * STRENGTH * sign),
    lambda picture, sign: ImageEnhance.Sharpness(picture).enhance(1 + 0.9 * STRENGTH * sign),
    lambda picture, sign: ImageOps.posterize(picture, 8 - round(4 * STRENGTH)),
    lambda picture, sign: ImageOps.solarize(picture, int(255 * (1 - STRENGTH))),
    lambda picture, sign: ImageOps.autocontrast(picture),
    lambda picture, sign: ImageOps.equalize(picture),
]
