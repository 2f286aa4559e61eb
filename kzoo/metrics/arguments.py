"""What the arguments of metrics must be."""

from __future__ import annotations

from typing import Any


def whole_number(*, least: int, most: int | None = None, **argument: Any) -> int:
    """The one argument given, as an integer.

    Args:
        least: The smallest that is allowed.
        most: The largest that is allowed, if there is one.
        **argument: The argument under its name.

    Raises:
        ValueError: If it isn't an integer in that range.
    """
    ((name, value),) = argument.items()
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        until = "" if most is None else f" to {most}"
        raise ValueError(f"`{name}` must be an integer from {least}{until}. Received: {name}={value!r}")
    return value


def one_of(*choices: str | None, **argument: Any) -> Any:
    """The one argument given.

    Raises:
        ValueError: If it isn't among the choices.
    """
    ((name, value),) = argument.items()
    if value not in choices:
        *most, last = (repr(choice) for choice in choices)
        raise ValueError(f"`{name}` must be {', '.join(most)} or {last}. Received: {name}={value!r}")
    return value
