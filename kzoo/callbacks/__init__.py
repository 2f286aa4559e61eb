"""Callbacks that Keras lacks."""

from kzoo.callbacks.activation_images import ActivationImages
from kzoo.callbacks.confusion_matrix import ConfusionMatrix
from kzoo.callbacks.dead_units import DeadUnits
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.gradient_histograms import GradientHistograms
from kzoo.callbacks.gradient_norms import GradientNorms
from kzoo.callbacks.lr_monitor import LearningRateMonitor
from kzoo.callbacks.lsuv import LSUV
from kzoo.callbacks.recalibrate_batch_norm import RecalibrateBatchNorm, recalibrate
from kzoo.callbacks.reduce_lr_on_plateau_warmup import ReduceLROnPlateauWarmup
from kzoo.callbacks.saturation import Saturation
from kzoo.callbacks.weight_histograms import WeightHistograms

__all__ = [
    "LSUV",
    "ActivationImages",
    "ConfusionMatrix",
    "DeadUnits",
    "Diagnostic",
    "GradientHistograms",
    "GradientNorms",
    "LearningRateMonitor",
    "RecalibrateBatchNorm",
    "ReduceLROnPlateauWarmup",
    "Saturation",
    "WeightHistograms",
    "recalibrate",
]
