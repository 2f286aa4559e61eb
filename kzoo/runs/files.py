"""Files that are whole or not there: written beside, then renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a file so that a kill at any moment leaves the old one or the new one."""
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes JSON that people can read too."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
