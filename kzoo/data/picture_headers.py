"""What a picture file says of itself in its first bytes: which kind it is, and how large."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

MOST_PIXELS = 100_000_000  # of a picture: decoded, that takes 300 MB
_HEAD = 2048  # bytes; enough for the colour table of a BMP
# Kinds that TensorFlow can't decode, by how they begin; `ftyp` of HEIF stands at the fifth byte.
_OTHERS = {
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"8BPS": "a Photoshop file",
    b"%PDF": "a PDF",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"\xff\x0a": "a JPEG XL",
}


def why_not_a_picture(path: Path) -> str:
    """What keeps a file from being a picture, judged by how it begins; "" if nothing does."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            size = _size(head, file)
    except FileNotFoundError:
        return "doesn't exist"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if not head:
        return "is empty"
    return _why_not_this_kind(head) or _why_too_large(size)


def picture_size(path: Path) -> tuple[int, int] | None:
    """Height and width that a picture file states; None where it states none."""
    with path.open("rb") as file:
        return _size(file.read(_HEAD), file)


def is_jpeg(path: Path) -> bool:
    """Whether a file begins as a JPEG does."""
    with path.open("rb") as file:
        return file.read(3) == b"\xff\xd8\xff"


def _why_not_this_kind(head: bytes) -> str:
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return ""
    if head.startswith(b"BM"):
        return _why_not_a_bmp(head)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        # TensorFlow's decoder writes past its memory on animations.
        animated = head[12:16] == b"VP8X" and len(head) > 20 and head[20] & 2
        return "is an animated WebP, which isn't supported" if animated else ""
    for beginning, kind in _OTHERS.items():
        if head.startswith(beginning):
            return f"is {kind}, which isn't supported: save it as PNG"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif", b"avis"):
        return "is a HEIF or AVIF, which isn't supported: save it as PNG"
    return "is not a picture"


def _why_too_large(size: tuple[int, int] | None) -> str:
    if size is None or size[0] * size[1] <= MOST_PIXELS:
        return ""
    return (
        f"is {size[0]:,}×{size[1]:,} pixels large, more than {MOST_PIXELS // 10**6} million: make it smaller"
    )


def _why_not_a_bmp(head: bytes) -> str:
    """TensorFlow knows BMP files of 24 and 32 bits, and those of 8 bits where these are grey values."""
    if len(head) < 54:
        return "is broken: it ends in the header"
    bits, compression = int.from_bytes(head[28:30], "little"), int.from_bytes(head[30:34], "little")
    start = 14 + int.from_bytes(head[14:18], "little")
    table = np.frombuffer(head[start : start + 1024], np.uint8)
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 4).reshape(256, 4)
    grey = table.size == 1024 and np.array_equal(table.reshape(256, 4)[:, :3], ramp[:, :3])
    if compression in (0, 3) and (bits in (24, 32) or (bits == 8 and grey)):
        return ""
    return "is a BMP with a colour table or compression, which isn't supported: save it as PNG"


# Sizes ----------------------------------------------------------------------------------------------------------


def _size(head: bytes, file: BinaryIO) -> tuple[int, int] | None:
    """Height and width from a header; None where it is cut off or of another kind."""
    try:
        if head.startswith(b"\x89PNG") and head[12:16] == b"IHDR":
            width, height = struct.unpack(">II", head[16:24])
        elif head.startswith(b"GIF8"):
            width, height = struct.unpack("<HH", head[6:10])
        elif head.startswith(b"BM"):
            width, height = struct.unpack("<ii", head[18:26])
            height = abs(height)  # negative where rows go from top to bottom
        elif head[8:12] == b"WEBP":
            return _webp_size(head)
        elif head.startswith(b"\xff\xd8"):
            return _jpeg_size(file)
        else:
            return None
    except struct.error:
        return None
    return height, width


def _webp_size(head: bytes) -> tuple[int, int] | None:
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[27:30], "little") + 1, int.from_bytes(head[24:27], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    width, height = struct.unpack("<HH", head[26:30])
    return height & 0x3FFF, width & 0x3FFF


def _jpeg_size(file: BinaryIO) -> tuple[int, int] | None:
    """Goes from segment to segment up to the one that begins the picture."""
    at = 2
    while True:
        file.seek(at)
        marker, length = struct.unpack(">HH", file.read(4))
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            _, height, width = struct.unpack(">BHH", file.read(5))
            return height, width
        if marker == 0xFFFF:  # padding
            at += 1
        elif marker >> 8 != 0xFF or marker == 0xFFDA:
            return None
        else:
            at += 2 + length
