"""What the arguments of schedules must be."""

from __future__ import annotations


def rate(**argument: float) -> float:
    """The one argument given, as a float.

    Raises:
        ValueError: If it is negative, infinite or no number.
    """
    ((name, value),) = argument.items()
    if not 0 <= value < float("inf"):
        raise ValueError(f"`{name}` must not be negative. Received: {name}={value}")
    return float(value)


def positive(**argument: float) -> float:
    """The one argument given, as a float.

    Raises:
        ValueError: If it isn't above 0, is infinite or no number.
    """
    ((name, value),) = argument.items()
    if not 0 < value < float("inf"):
        raise ValueError(f"`{name}` must be a positive number. Received: {name}={value}")
    return float(value)


def count(**argument: int) -> int:
    """The one argument given.

    Raises:
        ValueError: If it isn't a positive integer.
    """
    ((name, value),) = argument.items()
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return value


def one_of(choices: tuple[str, ...], **argument: str) -> str:
    """The one argument given.

    Raises:
        ValueError: If it is none of the choices.
    """
    ((name, value),) = argument.items()
    if value not in choices:
        known = ", ".join(repr(each) for each in choices)
        raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
    return value
