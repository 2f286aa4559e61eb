"""Losses that Keras lacks."""

from kzoo.losses.boxes import CIoU, DIoU, GIoU, IoU
from kzoo.losses.cross_entropy import CrossEntropy
from kzoo.losses.depth import BerHu
from kzoo.losses.depth_maps import DepthGradient, ScaleShiftInvariant, SiLog
from kzoo.losses.elementwise import L1, L2
from kzoo.losses.overlap import Dice, FocalTversky, Jaccard, Tversky
from kzoo.losses.pinball import Pinball
from kzoo.losses.poisson import PoissonNLL
from kzoo.losses.regression import SmoothL1
from kzoo.losses.robust import Cauchy, Charbonnier, GemanMcClure, Welsch
from kzoo.losses.wing import AdaptiveWing, Wing

__all__ = [
    "L1",
    "L2",
    "AdaptiveWing",
    "BerHu",
    "CIoU",
    "Cauchy",
    "Charbonnier",
    "CrossEntropy",
    "DIoU",
    "DepthGradient",
    "Dice",
    "FocalTversky",
    "GIoU",
    "GemanMcClure",
    "IoU",
    "Jaccard",
    "Pinball",
    "PoissonNLL",
    "ScaleShiftInvariant",
    "SiLog",
    "SmoothL1",
    "Tversky",
    "Welsch",
    "Wing",
]
