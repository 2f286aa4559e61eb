"""Finding the pictures in a folder of class folders."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from kzoo.data.picture_headers import why_not_a_picture
from kzoo.problems import KzooError, Problem

_PARTS = {
    "train": "train",
    "test": "test",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
}
_JUNK = {"thumbs.db", "desktop.ini"}  # left behind by file managers, hidden there
_LAYOUT = "Expected FOLDER/CLASS/PICTURES, or FOLDER/train/CLASS/PICTURES and FOLDER/test/CLASS/PICTURES."


@dataclasses.dataclass
class Pictures:
    """What was found.

    Args:
        root: The folder that was looked through.
        classes: Names of the classes, sorted.
        files: By part (`train`, `test`, `validation`): each file with its class's number, sorted by name.
        bad: Files that are no pictures, and why.
    """

    root: Path
    classes: tuple[str, ...]
    files: dict[str, list[tuple[Path, int]]]
    bad: dict[Path, str]

    def short(self, path: Path) -> str:
        """A file's name as errors show it."""
        return path.relative_to(self.root).as_posix()


def find_pictures(root: Path) -> Pictures:
    """Looks through a folder of class folders, or of `train/` and `test/` with class folders in them.

    Raises:
        KzooError: If the folder doesn't have that layout: all that is wrong with it.
    """
    if not root.is_dir():
        raise KzooError(
            Problem(f"{root} is a file" if root.exists() else f"no such folder: {root}", hint=_LAYOUT)
        )
    folders, loose = _visible(root)
    if not folders:
        seen = f"{len(loose)} files" if loose else "nothing"
        raise KzooError(Problem(f"{root}: expected class folders, found {seen}", hint=_LAYOUT))
    bad = dict.fromkeys(loose, "is in no class folder")
    if not any(folder.name.lower() == "train" for folder in folders):
        parts = {"train": root}
    else:
        parts = {_PARTS[each.name.lower()]: each for each in folders if each.name.lower() in _PARTS}
        others = [each.name for each in folders if each.name.lower() not in _PARTS]
        if others:
            what = f"{root}: expected nothing but train, test and validation beside train, found {', '.join(others)}"
            raise KzooError(Problem(what, hint=_LAYOUT))
    found = Pictures(root, tuple(each.name for each in _visible(parts["train"])[0]), {}, bad)
    problems = [] if len(found.classes) > 1 else [_too_few(parts["train"], found.classes)]
    for part, folder in parts.items():
        problems += _look_through(found, part, folder)
    if problems:
        raise KzooError(problems)
    return found


def _look_through(found: Pictures, part: str, folder: Path) -> list[Problem]:
    problems = []
    class_folders, loose = _visible(folder)
    found.bad.update(dict.fromkeys(loose, "is in no class folder"))
    files = found.files.setdefault(part, [])
    for class_folder in class_folders:
        if class_folder.name not in found.classes:
            what = f"{found.short(class_folder)}: there is no class '{class_folder.name}' in train"
            problems.append(Problem(what, hint="The classes are those that have a folder in train."))
            continue
        inside = _all_files(class_folder)
        if not inside:
            hint = "Put pictures into it, or remove it."
            problems.append(Problem(f"{found.short(class_folder)}: the class folder is empty", hint=hint))
        label = found.classes.index(class_folder.name)
        for path in inside:
            reason = why_not_a_picture(path)
            if reason:
                found.bad[path] = reason
            else:
                files.append((path, label))
    return problems


def _too_few(folder: Path, classes: tuple[str, ...]) -> Problem:
    seen = f"only '{classes[0]}'" if classes else "none"
    return Problem(f"{folder}: expected two class folders or more, found {seen}", hint=_LAYOUT)


def _visible(folder: Path) -> tuple[list[Path], list[Path]]:
    """Folders and files in a folder, sorted, without hidden ones."""
    inside = sorted(path for path in folder.iterdir() if not _hidden(path.name))
    return [path for path in inside if path.is_dir()], [path for path in inside if not path.is_dir()]


def _all_files(folder: Path) -> list[Path]:
    """All files in a folder and the folders in it, sorted, without hidden ones."""
    files = []
    for place, inside, names in os.walk(folder):
        inside[:] = [name for name in inside if not _hidden(name)]
        files += [Path(place, name) for name in names if not _hidden(name)]
    return sorted(files)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _JUNK
