"""Optimizers that Keras lacks."""

from kzoo.optimizers.adabelief import AdaBelief
from kzoo.optimizers.adabound import AdaBound
from kzoo.optimizers.adafactor import Adafactor
from kzoo.optimizers.adahessian import AdaHessian
from kzoo.optimizers.adai import Adai
from kzoo.optimizers.adam_8bit import Adam8bit
from kzoo.optimizers.adam_mini import AdamMini
from kzoo.optimizers.adamp import AdamP
from kzoo.optimizers.adan import Adan
from kzoo.optimizers.ademamix import AdEMAMix
from kzoo.optimizers.adopt import ADOPT
from kzoo.optimizers.amsgrad import AMSGrad
from kzoo.optimizers.apollo import APOLLO
from kzoo.optimizers.asgd import ASGD
from kzoo.optimizers.came import CAME
from kzoo.optimizers.cautious import Cautious
from kzoo.optimizers.changed_gradients import AdaptiveClipping, Centralized
from kzoo.optimizers.cocob import COCOB
from kzoo.optimizers.d_adapt_adam import DAdaptAdam
from kzoo.optimizers.diffgrad import DiffGrad
from kzoo.optimizers.ema import EMA
from kzoo.optimizers.galore import GaLore
from kzoo.optimizers.grams import Grams
from kzoo.optimizers.grokfast import Grokfast
from kzoo.optimizers.grouped import Grouped
from kzoo.optimizers.lamb import LAMB
from kzoo.optimizers.laprop import LaProp
from kzoo.optimizers.lars import LARS
from kzoo.optimizers.lazy_adam import LazyAdam
from kzoo.optimizers.lookahead import Lookahead
from kzoo.optimizers.madgrad import MADGRAD
from kzoo.optimizers.mars import MARS
from kzoo.optimizers.momentum import Momentum, Nesterov
from kzoo.optimizers.muon import Muon
from kzoo.optimizers.nadam import NAdam
from kzoo.optimizers.novograd import NovoGrad
from kzoo.optimizers.prodigy import Prodigy
from kzoo.optimizers.qhadam import QHAdam
from kzoo.optimizers.radam import RAdam
from kzoo.optimizers.ranger import Ranger
from kzoo.optimizers.rprop import Rprop
from kzoo.optimizers.sam import ASAM, SAM
from kzoo.optimizers.schedule_free import ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSGD
from kzoo.optimizers.scion import Scion
from kzoo.optimizers.sgdp import SGDP
from kzoo.optimizers.sgdw import SGDW
from kzoo.optimizers.shampoo import Shampoo
from kzoo.optimizers.sign_sgd import SignSGD, Tiger
from kzoo.optimizers.sm3 import SM3
from kzoo.optimizers.soap import SOAP
from kzoo.optimizers.sophia import Sophia
from kzoo.optimizers.stable_adamw import StableAdamW
from kzoo.optimizers.swa import SWA
from kzoo.optimizers.yogi import Yogi

__all__ = [
    "ADOPT",
    "APOLLO",
    "ASAM",
    "ASGD",
    "CAME",
    "COCOB",
    "EMA",
    "LAMB",
    "LARS",
    "MADGRAD",
    "MARS",
    "SAM",
    "SGDP",
    "SGDW",
    "SM3",
    "SOAP",
    "SWA",
    "AMSGrad",
    "AdEMAMix",
    "AdaBelief",
    "AdaBound",
    "AdaHessian",
    "Adafactor",
    "Adai",
    "Adam8bit",
    "AdamMini",
    "AdamP",
    "Adan",
    "AdaptiveClipping",
    "Cautious",
    "Centralized",
    "DAdaptAdam",
    "DiffGrad",
    "GaLore",
    "Grams",
    "Grokfast",
    "Grouped",
    "LaProp",
    "LazyAdam",
    "Lookahead",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "NovoGrad",
    "Prodigy",
    "QHAdam",
    "RAdam",
    "Ranger",
    "Rprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeRAdam",
    "ScheduleFreeSGD",
    "Scion",
    "Shampoo",
    "SignSGD",
    "Sophia",
    "StableAdamW",
    "Tiger",
    "Yogi",
]
