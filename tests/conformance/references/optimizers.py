"""References of optimizers, schedules and initializers."""

from __future__ import annotations

from ..golden import Golden

OPTIMIZERS = {"lookahead": Golden("optimizers"), "radam": Golden("optimizers")}
SCHEDULES = {"warmup_cosine": Golden("schedules")}
INITIALIZERS = {"torch_default": Golden("initializers")}
