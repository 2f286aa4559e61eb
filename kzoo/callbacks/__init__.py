"""Callbacks that Keras lacks."""

from kzoo.callbacks.dead_units import DeadUnits
from kzoo.callbacks.lsuv import LSUV
from kzoo.callbacks.recalibrate_batch_norm import RecalibrateBatchNorm, recalibrate
from kzoo.callbacks.reduce_lr_on_plateau_warmup import ReduceLROnPlateauWarmup

__all__ = ["LSUV", "DeadUnits", "RecalibrateBatchNorm", "ReduceLROnPlateauWarmup", "recalibrate"]
