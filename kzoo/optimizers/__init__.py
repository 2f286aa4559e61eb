"""Optimizers that Keras lacks."""

from kzoo.optimizers.lookahead import Lookahead
from kzoo.optimizers.radam import RAdam

__all__ = ["Lookahead", "RAdam"]
