"""Losses that Keras lacks."""

from kzoo.losses.depth import BerHu
from kzoo.losses.regression import SmoothL1

__all__ = ["BerHu", "SmoothL1"]
