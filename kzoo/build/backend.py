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
    """Keeps TensorFlow, which feeds every backend its data, from taking the memory of a GPU that another one uses."""
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        with contextlib.suppress(RuntimeError):  # its devices are in use already: so it took what it wants
            tf.config.set_visible_devices([], "GPU")
