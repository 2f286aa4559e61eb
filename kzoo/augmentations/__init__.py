"""Augmentations: layers that change pictures at random while training."""

from kzoo.augmentations.rand_augment import RandAugment
from kzoo.augmentations.random_color_jitter import RandomColorJitter
from kzoo.augmentations.random_flip import RandomFlip
from kzoo.augmentations.random_resized_crop import RandomResizedCrop
from kzoo.augmentations.random_shift import RandomShift

__all__ = ["RandAugment", "RandomColorJitter", "RandomFlip", "RandomResizedCrop", "RandomShift"]
