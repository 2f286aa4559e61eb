"""Pictures in class folders."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from kzoo.data.class_folders import Pictures, find_pictures
from kzoo.data.decoded import CACHES, decoded
from kzoo.data.pictures import checked_size
from kzoo.data.source import Source, fingerprint_facts
from kzoo.problems import KzooError, KzooWarning, Problem, or_list

_SHOWN = 20  # bad files that are listed before the rest is only counted


def image_folder(
    path: str,
    image_size: int | list[int] | None = None,
    channels: int = 3,
    on_bad_image: str = "stop",
    cache: str = "auto",
    full_size: bool = False,
) -> Source:
    """Pictures in class folders, or in `train/` and `test/` (and `validation/`) with class folders in each.

    Args:
        path: The folder. JPEG, PNG, GIF, BMP and WebP files count as pictures, whatever they are called; of an animated
            GIF or PNG the first picture. Hidden files are ignored.
        image_size: Height and width, or one number for both; pictures of other sizes are resized. Default: none, all
            pictures have one size.
        channels: 3 for colours, 1 for grey, 4 for colours and alpha; pictures are converted. Default 3.
        on_bad_image: `"stop"`: a file that isn't a picture, is broken, or has more than 100 million pixels is an error.
            `"skip"`: it is left out, with a warning; a run lists all of them in `skipped_files.json`.
        cache: Where decoded pictures are kept. `"memory"`; `"disk"`: in kzoo's folder for caches, where the next
            training finds them; `"none"`: they are decoded anew each epoch. Default `"auto"`: in memory up to 1 GiB,
            on disk up to 64 GiB where twice as much is free, else none.
        full_size: Keep pictures as large as they are in their files, so that `random_resized_crop` cuts from those. A
            recipe sets it by itself. Default false.

    Every picture is decoded once at the start, unless all are found on disk. No batch depends on `cache`.

    Returns:
        The data; classes are the folders' names, sorted.

    Raises:
        KzooError: If the folder has another layout, pictures are bad (all are listed), or they differ in size.

    What differs from `keras.utils.image_dataset_from_directory`: a text file or a broken picture is noticed before the
    training, and a size of 256×256 isn't forced on anybody.
    """
    size = checked_size(image_size)
    if channels not in (1, 3, 4):
        raise KzooError(f"channels: expected 1, 3 or 4, got {channels!r}")
    if on_bad_image not in ("stop", "skip"):
        raise KzooError(f"on_bad_image: expected stop or skip, got {on_bad_image!r}")
    if cache not in CACHES:
        raise KzooError(f"cache: expected {or_list(CACHES)}, got {cache!r}")
    found = find_pictures(Path(path))
    all_files = [each for files in found.files.values() for each in files]
    facts = [(found.short(file), file.stat().st_size, file.stat().st_mtime_ns) for file, _ in all_files]
    pictures = decoded(
        found,
        [file for file, _ in all_files],
        fingerprint_facts([str(found.root.resolve()), *facts]),
        size,
        channels,
        cache,
        full_size,
    )
    if found.bad:
        _report(found, on_bad_image)
    parts, begin = {}, 0
    for part, files in found.files.items():
        here = np.arange(begin, begin + len(files))
        labels = np.array([label for _, label in files], np.int64)
        good = pictures.good[here]
        parts[part] = pictures.split(here[good], labels[good])
        _check_classes(found, part, labels[good])
        begin += len(files)
    return Source(
        train=parts["train"],
        test=parts.get("test"),
        validation=parts.get("validation"),
        input_shape=pictures.shape,
        input_dtype="uint8",
        num_classes=len(found.classes),
        class_names=found.classes,
        scale=1 / 255,
        fingerprint=fingerprint_facts([*facts, pictures.shape]),
        skipped=tuple((found.short(file), reason) for file, reason in sorted(found.bad.items())),
        notes=(*pictures.notes, *_notes(found)),
    )


def _report(found: Pictures, on_bad_image: str) -> None:
    """Raises or warns about the bad files."""
    lines = [f"{found.short(path)} {reason}" for path, reason in sorted(found.bad.items())]
    shown = "\n      ".join(lines[:_SHOWN])
    more = f"\n      and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
    files = "1 file" if len(lines) == 1 else f"{len(lines):,} files"
    if on_bad_image == "skip":
        text = f"{found.root}: left out {files}\n      {shown}{more}"
        warnings.warn(text, KzooWarning, stacklevel=3)
        return
    hint = "Repair or remove them, or set on_bad_image: skip to train without them."
    verb = "isn't a picture" if len(lines) == 1 else "aren't pictures"
    raise KzooError(Problem(f"{found.root}: {files} {verb} that can be read\n      {shown}{more}", hint=hint))


def _notes(found: Pictures) -> list[str]:
    """What a run says of files that were left out."""
    count = len(found.bad)
    files = "1 file is" if count == 1 else f"{count:,} files are"
    return [f"{files} left out, listed in skipped_files.json"] if count else []


def _check_classes(found: Pictures, part: str, labels: np.ndarray) -> None:
    """Every class needs a picture to train on; a part must not be empty."""
    missing = [name for number, name in enumerate(found.classes) if number not in labels]
    if len(labels) == 0 or (part == "train" and missing):
        what = f"class '{missing[0]}'" if part == "train" else f"part '{part}'"
        raise KzooError(f"{found.root}: no picture of {what} is left after leaving out the bad files")
