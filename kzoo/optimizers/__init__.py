"""Optimizers that Keras lacks."""

from kzoo.optimizers.adabelief import AdaBelief
from kzoo.optimizers.adafactor import Adafactor
from kzoo.optimizers.adan import Adan
from kzoo.optimizers.ademamix import AdEMAMix
from kzoo.optimizers.adopt import ADOPT
from kzoo.optimizers.amsgrad import AMSGrad
from kzoo.optimizers.lamb import LAMB
from kzoo.optimizers.laprop import LaProp
from kzoo.optimizers.lars import LARS
from kzoo.optimizers.lookahead import Lookahead
from kzoo.optimizers.madgrad import MADGRAD
from kzoo.optimizers.momentum import Momentum, Nesterov
from kzoo.optimizers.muon import Muon
from kzoo.optimizers.nadam import NAdam
from kzoo.optimizers.radam import RAdam
from kzoo.optimizers.sgdw import SGDW
from kzoo.optimizers.yogi import Yogi

__all__ = [
    "ADOPT",
    "LAMB",
    "LARS",
    "MADGRAD",
    "SGDW",
    "AMSGrad",
    "AdEMAMix",
    "AdaBelief",
    "Adafactor",
    "Adan",
    "LaProp",
    "Lookahead",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "RAdam",
    "Yogi",
]
