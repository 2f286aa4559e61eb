"""Files that are whole or not there: written beside, then renamed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any


class Unwritten(OSError):
    """A file that could not be written. The one of that name that there was before is whole.

    Args:
        path: The file.
        size: How many bytes it would have.
        error: Why it could not be written.
    """

    def __init__(self, path: Path, size: int, error: OSError):
        super().__init__(error.errno, error.strerror, str(path))
        self.size = size


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a file so that a kill at any moment leaves the old one or the new one.

    Raises:
        Unwritten: If it can't be written. Nothing of it is left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise Unwritten(path, len(data), error) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Removes what a kill left of files that were being written in a folder and those inside it."""
    for path in folder.rglob(".*"):
        if re.fullmatch(r"\.(.+\.\d+|model-\w+)", path.name):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def write_json(path: Path, value: Any) -> None:
    """Writes JSON that people can read too."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
