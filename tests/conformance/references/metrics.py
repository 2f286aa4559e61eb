"""References of metrics."""

from __future__ import annotations

from ..golden import Golden

METRICS = {"cohen_kappa": Golden("metrics")}
