"""What each of kzoo's own parts is compared with: one line a part. A part without one fails its test."""

from ..formulas import Formula
from ..golden import Golden
from .activations import ACTIVATIONS
from .initializers import INITIALIZERS
from .layers import LAYERS
from .losses import LOSSES
from .metrics import METRICS
from .models import MODELS
from .optimizers import OPTIMIZERS, SCHEDULES

REFERENCES: dict[str, dict[str, Golden | Formula]] = {
    "activation": ACTIVATIONS,
    "layer": LAYERS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "initializer": INITIALIZERS,
    "metric": METRICS,
    "model": MODELS,
}
