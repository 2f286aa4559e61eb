"""Learning-rate schedules that Keras lacks."""

from kzoo.schedules.warmup_cosine import WarmupCosine

__all__ = ["WarmupCosine"]
