"""Chooses what Keras runs on, before it is imported."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys

from kzoo.problems import KzooError, Problem

_PIP = {
    "jax": 'pip install "kzoo[jax]"',
    "torch": 'pip install "kzoo[torch]"',
    "tensorflow": "pip install tensorflow",
}


def use_backend(name: str | None) -> None:
    """Has Keras run on a backend; None leaves it as it is.

    Args:
        name: `tensorflow`, `jax` or `torch`.

    Raises:
        KzooError: If the backend isn't installed, or Keras runs on another one already.
    """
    # JAX takes most of a GPU's memory at once where nobody says otherwise; TensorFlow is told further down.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if name is None:
        return
    if "keras" in sys.modules:
        running = sys.modules["keras"].backend.backend()
        if running != name:
            hint = f"Start a new process, or set KERAS_BACKEND={name} before Keras is imported."
            raise KzooError(
                Problem(f"run.backend is {name}, but Keras runs on {running} in this process", hint=hint)
            )
        return
    if importlib.util.find_spec(name) is None:
        raise KzooError(Problem(f"the backend {name} is not installed", hint=f"Install it: {_PIP[name]}"))
    os.environ["KERAS_BACKEND"] = name


def leave_devices_to_keras() -> None:
    """Has TensorFlow take a GPU's memory as it needs it, and none where it only feeds another backend its data."""
    import keras
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # its devices are in use already: so it took what it wants
        if keras.backend.backend() != "tensorflow":
            tf.config.set_visible_devices([], "GPU")
            return
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)
