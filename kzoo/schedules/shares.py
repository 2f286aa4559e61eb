"""Lengths of time: so many steps, or a share of the training."""

from __future__ import annotations


def steps_of(name: str, length: float | int | str, total_steps: int | None) -> float:
    """A length in steps, not rounded.

    Args:
        name: The argument that it was given as, for the message.
        length: An int is a number of steps; a float below 1, or a text such as "5%", a share of all steps.
        total_steps: How many steps the training has; None where that isn't known.

    Raises:
        ValueError: If it is none of these, or is a share of an unknown number of steps.
    """
    share: object = length
    if isinstance(length, str):
        try:
            share = float(length.strip().removesuffix("%")) / 100 if length.strip().endswith("%") else None
        except ValueError:
            share = None
    if isinstance(share, int) and not isinstance(share, bool) and share >= 0:
        return float(share)
    if not isinstance(share, float) or not 0 <= share < 1:
        raise ValueError(
            f"`{name}` must be a number of steps (an int), a share of them (a float below 1) or a text such as '5%'. "
            f"Received: {name}={length!r}"
        )
    if total_steps is None and share:
        raise ValueError(
            f"`total_steps` must be given where `{name}` is a share of them. Received: {name}={length!r}"
        )
    return share * (total_steps or 0)


def whole_steps_of(name: str, length: float | int | str, total_steps: int | None) -> int:
    """A length in whole steps that is shorter than the training.

    Args:
        name: The argument that it was given as, for the message.
        length: As in `steps_of`. A share is rounded, and never takes all steps.
        total_steps: How many steps the training has; None where that isn't known.

    Raises:
        ValueError: As `steps_of`; if it isn't shorter than the training.
    """
    steps = round(steps_of(name, length, total_steps))
    if total_steps is None:
        return steps
    if not isinstance(length, int):
        steps = min(steps, total_steps - 1)
    if steps >= total_steps:
        raise ValueError(
            f"`{name}` must be shorter than the training. Received: {name}={length!r}, total_steps={total_steps}"
        )
    return steps
