"""References of initializers."""

from __future__ import annotations

from ..golden import Golden

INITIALIZERS = {
    "torch_default": Golden("initializers"),
    "xavier_uniform": Golden("initializers_gain"),
    "kaiming_uniform": Golden("initializers_gain"),
}
