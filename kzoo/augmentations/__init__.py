"""Augmentations: layers that change pictures at random while training."""

from kzoo.augmentations.random_shift import RandomShift

__all__ = ["RandomShift"]
