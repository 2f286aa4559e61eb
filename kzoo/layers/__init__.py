"""Layers that Keras lacks."""

from kzoo.layers.maxout import Maxout

__all__ = ["Maxout"]
