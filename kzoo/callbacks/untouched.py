"""Running a model in between without anything in it, or in any generator of random numbers, having changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
from keras import tree
from keras.src.backend.common import global_state


@contextlib.contextmanager
def untouched(model: keras.Model) -> Iterator[None]:
    """Puts back afterwards what isn't trained: statistics, metrics, random states.

    Args:
        model: The model.
    """
    variables = tree.flatten([model.non_trainable_variables, model.metrics_variables])
    shared = global_state.get_global_attribute("global_seed_generator")
    if shared is not None:
        variables.append(shared.state)
    values = [keras.ops.copy(each.value) for each in variables]
    try:
        with _random_state_of_torch():
            yield
    finally:
        for variable, value in zip(variables, values):
            variable.assign(value)


@contextlib.contextmanager
def _random_state_of_torch() -> Iterator[None]:
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield
