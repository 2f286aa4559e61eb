"""Learning-rate schedules that Keras lacks."""

from kzoo.schedules.chebyshev import Chebyshev
from kzoo.schedules.constant import Constant
from kzoo.schedules.cyclic import Cyclic
from kzoo.schedules.inverse_sqrt import InverseSqrt, Noam
from kzoo.schedules.k_decay import KDecay
from kzoo.schedules.linear import Linear
from kzoo.schedules.one_cycle import OneCycle, OneCycleMomentum
from kzoo.schedules.poly import PolyDecay
from kzoo.schedules.rex import REX
from kzoo.schedules.sequential import SequentialSchedule
from kzoo.schedules.sgdr import SGDR
from kzoo.schedules.step import MultiStep, Step
from kzoo.schedules.tanh_decay import TanhDecay
from kzoo.schedules.warmup import Warmup
from kzoo.schedules.warmup_cosine import WarmupCosine
from kzoo.schedules.wsd import WarmupStableDecay

__all__ = [
    "REX",
    "SGDR",
    "Chebyshev",
    "Constant",
    "Cyclic",
    "InverseSqrt",
    "KDecay",
    "Linear",
    "MultiStep",
    "Noam",
    "OneCycle",
    "OneCycleMomentum",
    "PolyDecay",
    "SequentialSchedule",
    "Step",
    "TanhDecay",
    "Warmup",
    "WarmupCosine",
    "WarmupStableDecay",
]
