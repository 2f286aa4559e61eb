"""Pictures that are broken, of odd kinds or too large: real files of each, and what becomes of them."""

import io
import json
import struct
import warnings
import zlib

import numpy as np
import pytest

from kzoo.data.image_folder import image_folder
from kzoo.data.picture_headers import picture_size, why_not_a_picture
from kzoo.problems import KzooError, KzooWarning

Image = pytest.importorskip("PIL.Image")
RANDOM = np.random.default_rng(0)
# Smooth, so that compression changes little.
PIXELS = np.stack(np.broadcast_arrays(*np.ix_(range(0, 240, 10), range(0, 160, 10)), 90), -1).astype(np.uint8)


def saved(picture, kind, **options):
    made = io.BytesIO()
    picture.save(made, kind, **options)
    return made.getvalue()


def rgb(shift=0):
    return Image.fromarray(np.roll(PIXELS, shift, axis=0))


def png_of_16_bits(pixels):
    """A PNG of 16 bits a channel: Pillow writes none in colours."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width, _ = pixels.shape
    wide = (pixels.astype(">u2") * 257).reshape(height, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def huge_png():
    """A PNG of 16 KB that says it is 40,000 × 40,000 pixels large."""
    content = bytearray(png_of_16_bits(PIXELS))
    content[16:24] = struct.pack(">II", 40_000, 40_000)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    return bytes(content)


def moving(kind, **options):
    return saved(rgb(), kind, save_all=True, append_images=[rgb(4), rgb(8)], duration=40, **options)


GOOD = {  # odd, but pictures: each with how far its values may be off
    "wrong_extension.jpg": (saved(rgb(), "PNG"), 0),
    "no_extension": (saved(rgb(), "JPEG", quality=95), 12),
    "cmyk.jpg": (saved(rgb().convert("CMYK"), "JPEG", quality=95), 12),
    "grey16.png": (saved(Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257), "PNG"), None),
    "colour16.png": (png_of_16_bits(PIXELS), 1),
    "moving.gif": (moving("GIF"), 60),
    "moving.png": (moving("PNG"), 0),
    "progressive.jpg": (saved(rgb(), "JPEG", quality=95, progressive=True), 12),
}
BAD = {
    "zero.jpg": (b"", "is empty"),
    "text.jpg": (b"not a picture at all", "is not a picture"),
    "cut.jpg": (saved(rgb(), "JPEG")[:-200], "is broken"),
    "cut.png": (saved(rgb(), "PNG")[:60], "is broken"),
    "scan.tif": (saved(rgb(), "TIFF"), "is a TIFF, which isn't supported: save it as PNG"),
    "huge.png": (huge_png(), "is 40,000×40,000 pixels large, more than 100 million"),
    "moving.webp": (moving("WEBP"), "is an animated WebP, which isn't supported"),
}


@pytest.fixture
def folder(tmp_path):
    """A folder of two good pictures a class, and more if given."""

    def write(more):
        for kind in ("cat", "dog"):
            (tmp_path / kind).mkdir(exist_ok=True)
            for number in range(2):
                (tmp_path / kind / f"{number}.png").write_bytes(saved(rgb(number), "PNG"))
        for name, (content, _) in more.items():
            (tmp_path / "dog" / name).write_bytes(content)
        return str(tmp_path)

    return write


def test_odd_pictures_are_pictures(folder):
    source = image_folder(folder(GOOD))
    names = ["0.png", "1.png", *GOOD]
    stored = dict(zip(sorted(names), source.train.arrays[0][2:]))
    for name, (_, tolerance) in GOOD.items():
        expected = PIXELS[..., :1].repeat(3, -1) if tolerance is None else PIXELS
        off = abs(stored[name].astype(int) - expected).max()
        assert off <= (tolerance or 1), f"{name}: {off}"


def test_stop_names_every_bad_file(folder):
    with pytest.raises(KzooError) as error:
        image_folder(folder(BAD))
    assert f"{len(BAD)} files aren't pictures" in str(error.value)
    for name, (_, message) in BAD.items():
        assert f"dog/{name} {message}" in str(error.value)


def test_skip_leaves_them_out_and_lists_them(folder):
    with pytest.warns(KzooWarning, match=f"left out {len(BAD)} files"):
        source = image_folder(folder(BAD | GOOD), on_bad_image="skip")
    assert source.train.count == 4 + len(GOOD)
    assert [name for name, _ in source.skipped] == sorted(f"dog/{name}" for name in BAD)
    for name, reason in source.skipped:
        assert BAD[name.removeprefix("dog/")][1] in reason


def test_headers_state_the_sizes_that_pictures_have(tmp_path):
    kinds = {
        "PNG": {},
        "GIF": {},
        "BMP": {},
        "WEBP": {"lossless": True},
        "JPEG": {"exif": b"Exif\0\0" + bytes(9000)},
    }
    for kind, options in kinds.items():
        (tmp_path / kind).write_bytes(saved(rgb(), kind, **options))
        assert picture_size(tmp_path / kind) == PIXELS.shape[:2], kind
    (tmp_path / "lossy").write_bytes(saved(rgb(), "WEBP"))
    (tmp_path / "alpha").write_bytes(saved(rgb().convert("RGBA"), "WEBP", exif=b"Exif\0\0xx"))
    for name in ("lossy", "alpha"):
        assert picture_size(tmp_path / name) == PIXELS.shape[:2], name
    (tmp_path / "cut").write_bytes(saved(rgb(), "JPEG")[:30])
    assert picture_size(tmp_path / "cut") is None and why_not_a_picture(tmp_path / "cut") == ""


@pytest.mark.slow
def test_a_run_lists_the_files_that_were_skipped(folder, tmp_path):
    import kzoo

    root = folder({name: BAD[name] for name in ("zero.jpg", "huge.png")})
    (tmp_path / "recipe.yaml").write_text(
        f"data: {{name: image_folder, path: {root}, on_bad_image: skip, test: 0}}\n"
        "model: {layers: [flatten, {name: dense, units: 2}]}\n"
        "compile: {loss: {name: sparse_categorical_crossentropy, from_logits: true}}\n"
        "run: {tensorboard: false}\n"
    )
    (tmp_path / "recipe.yaml").rename(tmp_path / ".recipe.yaml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KzooWarning)
        run = kzoo.train(kzoo.load_recipe(tmp_path / ".recipe.yaml"), runs=tmp_path / ".runs", verbose=False)
    listed = json.loads((run.path / "skipped_files.json").read_text())
    assert [each["file"] for each in listed] == ["dog/huge.png", "dog/zero.jpg"]
    assert "40,000×40,000" in listed[0]["reason"] and listed[1]["reason"] == "is empty"
