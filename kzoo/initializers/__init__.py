"""Initializers that Keras lacks."""

from kzoo.initializers.torch_default import TorchDefault
from kzoo.initializers.with_gain import KaimingUniform, XavierUniform

__all__ = ["KaimingUniform", "TorchDefault", "XavierUniform"]
