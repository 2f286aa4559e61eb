"""Callbacks that Keras lacks."""

from kzoo.callbacks.dead_units import DeadUnits

__all__ = ["DeadUnits"]
