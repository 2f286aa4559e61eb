"""Initializers that Keras lacks."""

from kzoo.initializers.torch_default import TorchDefault

__all__ = ["TorchDefault"]
