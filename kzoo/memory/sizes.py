"""Bytes as people write them."""

from __future__ import annotations

import re

from kzoo.problems import KzooError, Problem

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_BINARY = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_NAMES = ("B", "kB", "MB", "GB", "TB")
_SIZE = re.compile(r"(\d+(?:\.\d*)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes of a size as it is written.

    Args:
        text: Such as `24GB` (thousands), `24GiB` (1024s), `800M` or a number of bytes.

    Raises:
        KzooError: If it is no size.

    >>> parse_size("24GB"), parse_size("1.5 GiB"), parse_size("512")
    (24000000000, 1610612736, 512)
    """
    match = _SIZE.fullmatch(text.strip())
    if not match or (match[3] and not match[2]) or not float(match[1]):
        raise KzooError(Problem(f"expected a size, got '{text}'", hint="Such as 24GB, 16GiB or 800MB."))
    units = _BINARY if match[3] else _UNITS
    return int(float(match[1]) * units[match[2].lower()])


def size_text(size: float) -> str:
    """Bytes for people, in thousands.

    >>> size_text(1_234_000_000), size_text(512), size_text(96_400)
    ('1.23 GB', '512 B', '96.4 kB')
    """
    power = 0
    while size >= 999.5 and power < len(_NAMES) - 1:
        size, power = size / 1000, power + 1
    return f"{size:.3g} {_NAMES[power]}" if power else f"{size:.0f} B"
