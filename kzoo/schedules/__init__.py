"""Learning-rate schedules that Keras lacks."""

from kzoo.schedules.constant import Constant
from kzoo.schedules.linear import Linear
from kzoo.schedules.step import MultiStep, Step
from kzoo.schedules.warmup_cosine import WarmupCosine

__all__ = ["Constant", "Linear", "MultiStep", "Step", "WarmupCosine"]
