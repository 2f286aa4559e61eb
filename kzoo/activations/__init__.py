"""Activations that Keras lacks."""

from kzoo.activations.gelu import quick_gelu
from kzoo.activations.swish import Swish
from kzoo.activations.with_arguments import WithArguments

__all__ = ["Swish", "WithArguments", "quick_gelu"]
