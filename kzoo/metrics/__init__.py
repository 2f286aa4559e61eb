"""Metrics that Keras lacks."""

from kzoo.metrics.cohen_kappa import CohenKappa

__all__ = ["CohenKappa"]
