"""What the arguments of losses must be."""

from __future__ import annotations


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
