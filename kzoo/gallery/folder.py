"""The folder of a site: written beside and renamed; nothing that isn't an earlier gallery is ever replaced."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from kzoo.problems import KzooError, Problem

MARK = "gallery.json"


def check_folder(folder: Path) -> None:
    """Says whether a site may be written there.

    Args:
        folder: The folder to be; it needn't be there yet.

    Raises:
        KzooError: If it is a file, holds anything that a gallery didn't write, or the folder above isn't there.
    """
    if folder.exists() and not folder.is_dir():
        raise _refused(folder, "is a file")
    if not folder.resolve().parent.is_dir():
        raise _refused(folder, f"there is no folder {folder.resolve().parent}", "Make it first.")
    if folder.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise _refused(
            folder,
            "is the folder that you are in, or lies above it",
            "Name one inside it, such as --out site.",
        )
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / MARK).is_file():
        hint = "Name another folder, or an empty one; it is never overwritten."
        raise _refused(folder, f"holds files and isn't an earlier gallery (it has no {MARK})", hint)
    foreign = sorted(_files(folder) - set(_written_before(folder)) - {MARK})
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        hint = "They would be lost: move them away, or name another folder."
        what = f"is an earlier gallery that others have put files into: {', '.join(foreign[:3])}{more}"
        raise _refused(folder, what, hint)


def write_folder(folder: Path, files: Mapping[str, bytes], about: Mapping[str, object]) -> None:
    """Writes a site, in place of an earlier one: at any moment there is the old one or the new one.

    Args:
        folder: Where it is to lie.
        files: Contents by path.
        about: What its mark says, beside the list of files.

    Raises:
        KzooError: If it may not be there, or can't be written.
    """
    check_folder(folder)
    final = folder.resolve()
    beside = final.with_name(f".{final.name}.{os.getpid()}")
    old = final.with_name(f".{final.name}.{os.getpid()}.old")
    try:
        beside.mkdir()
        for name, content in files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        mark = json.dumps({**about, "files": sorted(files)}, indent=1)
        (beside / MARK).write_text(mark + "\n", encoding="utf-8")
        _exchange(final, beside, old)
    except OSError as error:
        raise KzooError(f"can't write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _exchange(final: Path, beside: Path, old: Path) -> None:
    if final.is_dir():
        final.rename(old)
        try:
            beside.rename(final)
        except OSError:
            old.rename(final)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        beside.rename(final)


def _written_before(folder: Path) -> list[str]:
    try:
        files = json.loads((folder / MARK).read_text(encoding="utf-8"))["files"]
        return [str(each) for each in files]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def _refused(folder: Path, why: str, hint: str = "--out takes a folder of its own.") -> KzooError:
    return KzooError(Problem(f"can't write the gallery to {folder}: it {why}", hint=hint))
