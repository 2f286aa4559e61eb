"""A train step that takes its gradients elsewhere than where the model stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Step = Callable[..., Any]
Move = Callable[[Any], None]


def looking_ahead(model: keras.Model, step: Step, optimizer: Any, there: Move, back: Move) -> Step:
    """A train step between two moves of the weights.

    Args:
        model: A compiled model.
        step: Its train step.
        optimizer: The optimizer that moves them.
        there: Its method that moves variables to where gradients are taken.
        back: Its method that moves them to where they are evaluated.
    """
    if keras.backend.backend() == "jax":
        return _on_jax(model, step, there, back)

    def there_and_back(data: Any) -> Any:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        with _untraced():
            there(model.trainable_variables)
        logs = step(data)
        with _untraced():
            back(model.trainable_variables)
        return logs

    return there_and_back


def _untraced() -> Any:
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()
    import contextlib

    return contextlib.nullcontext()


def _on_jax(model: keras.Model, step: Step, there: Move, back: Move) -> Step:
    def moved(move: Move, weights: Any, slots: Any) -> Any:
        """The weights and what the optimizer keeps after a move, as a function of both."""
        variables, kept = model.trainable_variables, model.optimizer.variables
        with keras.StatelessScope(state_mapping=[*zip(variables, weights), *zip(kept, slots)]) as scope:
            move(variables)
        return [
            [
                new if (new := scope.get_current_value(each)) is not None else old
                for each, old in zip(which, before)
            ]
            for which, before in ((variables, weights), (kept, slots))
        ]

    def there_and_back(state: Any, data: Any) -> Any:
        weights, others, slots, metrics = state
        weights, slots = moved(there, weights, slots)
        logs, (weights, others, slots, metrics) = step((weights, others, slots, metrics), data)
        weights, slots = moved(back, weights, slots)
        return logs, (weights, others, slots, metrics)

    return there_and_back
