"""Every part of a Keras model by name, and every name with its proof.

Importing kzoo imports neither Keras nor TensorFlow; it only sees to it that Keras knows kzoo's names once it is there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kzoo import keras_hook

if TYPE_CHECKING:
    from kzoo.api import (
        card,
        create_model,
        find,
        get,
        load_model,
        load_recipe,
        load_run,
        names,
        register,
        train,
    )
    from kzoo.problems import KzooError, KzooWarning

__version__ = "0.1.0"
__all__ = [
    "KzooError",
    "KzooWarning",
    "card",
    "create_model",
    "find",
    "get",
    "load_model",
    "load_recipe",
    "load_run",
    "names",
    "register",
    "train",
]

# The classes of parts live here, for `kzoo.losses.SmoothL1` without a further import.
_PACKAGES = (
    "activations",
    "augmentations",
    "callbacks",
    "data",
    "initializers",
    "layers",
    "losses",
    "metrics",
)
_PACKAGES += ("models", "optimizers", "schedules")


def __getattr__(name: str) -> Any:
    """Brings a name of the public face, or a package of parts, when it is first asked for."""
    if name in _PACKAGES:
        return importlib.import_module(f"kzoo.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'kzoo' has no attribute '{name}'")
    home = importlib.import_module("kzoo.problems" if name.startswith("Kzoo") else "kzoo.api")
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_PACKAGES, "__version__"])


keras_hook.install()
