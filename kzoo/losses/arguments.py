"""What the arguments of losses must be."""

from __future__ import annotations

from collections.abc import Sequence


def positive(**argument: float) -> float:
    """The one argument given, as a float.

    Raises:
        ValueError: If it isn't above 0, or is no number.
    """
    ((name, value),) = argument.items()
    if not value > 0 or value == float("inf"):
        raise ValueError(f"`{name}` must be a positive number. Received: {name}={value}")
    return float(value)


def not_negative(**argument: float) -> float:
    """The one argument given, as a float.

    Raises:
        ValueError: If it is below 0, or is no number.
    """
    ((name, value),) = argument.items()
    if not value >= 0 or value == float("inf"):
        raise ValueError(f"`{name}` must be 0 or a positive number. Received: {name}={value}")
    return float(value)


def share(**argument: float) -> float:
    """The one argument given, as a float.

    Raises:
        ValueError: If it isn't from 0 to 1.
    """
    ((name, value),) = argument.items()
    if not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be from 0 to 1. Received: {name}={value}")
    return float(value)


def weights(**argument: Sequence[float] | None) -> list[float] | None:
    """The one argument given, as a list of floats; None stays None.

    Raises:
        ValueError: If one of them is below 0, or is no number.
    """
    ((name, value),) = argument.items()
    if value is None:
        return None
    if not all(0 <= each < float("inf") for each in value):
        raise ValueError(f"`{name}` must be 0 or positive. Received: {name}={value}")
    return [float(each) for each in value]


def counts(**argument: Sequence[float]) -> list[float]:
    """The one argument given, as a list of floats.

    Raises:
        ValueError: If there is none, or one of them isn't above 0.
    """
    ((name, value),) = argument.items()
    if len(value) == 0 or not all(0 < each < float("inf") for each in value):
        raise ValueError(f"`{name}` must hold one positive number a class. Received: {name}={value}")
    return [float(each) for each in value]
