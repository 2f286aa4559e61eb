"""Pictures in folders: what they become, and what is said of folders that are not right."""

import io

import numpy as np
import pytest
import tensorflow as tf

from kzoo.data.image_folder import image_folder
from kzoo.data.pictures import read_pictures
from kzoo.data.splits import split_off
from kzoo.problems import KzooError, KzooWarning

RANDOM = np.random.default_rng(0)


def said(error):
    """All that an error says, hints too."""
    return str(error.value)


def picture(*shape):
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def png(pixels):
    return tf.io.encode_png(pixels).numpy()


@pytest.fixture
def folder(tmp_path):
    """Writes pictures, `{name: pixels or bytes}`, and returns their folder."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else png(content))
        return str(tmp_path / "pictures")

    return write


def two_classes(count=3, size=(6, 5, 3)):
    return {f"{kind}/{number}.png": picture(*size) for kind in ("cat", "dog") for number in range(count)}


def test_image_folder(folder):
    files = two_classes()
    source = image_folder(folder({**files, "cat/.hidden": b"", ".cache/x": b"", "dog/Thumbs.db": b"junk"}))
    assert (source.train.count, source.test, source.num_classes) == (6, None, 2)
    assert (source.class_names, source.input_shape, source.scale) == (("cat", "dog"), (6, 5, 3), 1 / 255)
    np.testing.assert_array_equal(source.train.arrays[0], np.stack(list(files.values())))
    assert list(source.train.arrays[1]) == [0, 0, 0, 1, 1, 1]


def test_image_folder_with_parts(folder):
    parts = {"train": 3, "test": 2, "val": 1}
    files = {f"{part}/{name}": pixels for part, n in parts.items() for name, pixels in two_classes(n).items()}
    source = image_folder(folder(files))
    assert (source.train.count, source.test.count, source.validation.count) == (6, 4, 2)
    np.testing.assert_array_equal(source.test.arrays[0][1], files["test/cat/1.png"])


def test_image_folder_resizes_and_converts(folder):
    files = {**two_classes(2), "dog/wide.png": picture(12, 20, 3)}
    source = image_folder(folder(files), image_size=[6, 5], channels=1)
    assert source.input_shape == (6, 5, 1) and source.train.count == 5
    expected = tf.image.rgb_to_grayscale(files["cat/0.png"])
    np.testing.assert_array_equal(source.train.arrays[0][0], expected)
    assert image_folder(folder({}), image_size=8).input_shape == (8, 8, 3)


def test_pictures_of_every_kind(folder):
    Image = pytest.importorskip("PIL.Image")
    pixels = np.repeat(picture(6, 5, 1), 3, axis=2)
    files = {}
    for suffix, mode in [
        (".jpg", "RGB"),
        (".jpeg", "L"),
        (".gif", "P"),
        (".bmp", "RGB"),
        (".webp", "RGB"),
        (".PNG", "LA"),
    ]:
        made = io.BytesIO()
        options = {"lossless": True} if suffix == ".webp" else {}
        kind = {".jpg": "JPEG", ".jpeg": "JPEG"}.get(suffix, suffix[1:].upper())
        Image.fromarray(pixels).convert("L").convert(mode).save(made, kind, **options)
        files[f"a/x{suffix}"] = files[f"b/x{suffix}"] = made.getvalue()
    source = image_folder(folder(files))
    assert source.train.count == 12
    for stored, (name, _) in zip(source.train.arrays[0], sorted(files.items())):
        np.testing.assert_allclose(stored, pixels, atol=40 if ".j" in name else 0, err_msg=name)


BAD_FILES = {
    "cat/notes.txt": (b"hello", "cat/notes.txt is not a picture"),
    "cat/zero.png": (b"", "cat/zero.png is empty"),
    "dog/cut.png": (png(picture(30, 30, 3))[:900], "dog/cut.png is broken"),
    "dog/cut.jpg": (tf.io.encode_jpeg(picture(64, 64, 3)).numpy()[:700], "dog/cut.jpg is broken"),
    "dog/fake.png": (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "dog/fake.png is broken"),
    "README.md": (b"about", "README.md is in no class folder"),
    "dog/moving.webp": (b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0\x02" + bytes(20), "is an animated WebP"),
    "dog/short.bmp": (b"BM" + bytes(10), "ends in the header"),
}


def test_bad_files_are_all_listed(folder):
    root = folder({**two_classes(), **{name: content for name, (content, _) in BAD_FILES.items()}})
    with pytest.raises(KzooError) as error:
        image_folder(root)
    assert f"{len(BAD_FILES)} files aren't pictures" in said(error) and "on_bad_image: skip" in said(error)
    for _, message in BAD_FILES.values():
        assert message in said(error)


def test_bad_files_can_be_skipped(folder):
    files = two_classes()
    root = folder({**files, **{name: content for name, (content, _) in BAD_FILES.items()}})
    with pytest.warns(KzooWarning, match=f"left out {len(BAD_FILES)} files"):
        source = image_folder(root, on_bad_image="skip")
    np.testing.assert_array_equal(source.train.arrays[0], np.stack(list(files.values())))
    assert list(source.train.arrays[1]) == [0, 0, 0, 1, 1, 1]


def test_a_class_of_bad_files_only_is_an_error(folder):
    root = folder({"cat/0.png": picture(4, 4, 3), "dog/0.png": b"hello", "cow/1.png": picture(4, 4, 3)})
    with pytest.warns(KzooWarning), pytest.raises(KzooError, match="no picture of class 'dog' is left"):
        image_folder(root, on_bad_image="skip")


@pytest.mark.parametrize("bad", [b"text", b"\x89PNG\r\n\x1a\nx"])
def test_nothing_but_bad_files(folder, bad):
    root = folder({"cat/0.png": bad, "dog/0.png": bad})
    with pytest.raises(KzooError, match="2 files aren't pictures"):
        image_folder(root)
    with pytest.warns(KzooWarning), pytest.raises(KzooError, match="no picture of class 'cat' is left"):
        image_folder(root, on_bad_image="skip")


def test_many_bad_files_are_counted(folder):
    root = folder({**two_classes(), **{f"cat/{number}.txt": b"text" for number in range(33)}})
    with pytest.raises(KzooError, match="33 files") as error:
        image_folder(root)
    assert said(error).count("is not a picture") == 20 and "and 13 more" in said(error)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"cat/0.png": picture(4, 4, 3)}, "expected two class folders or more, found only 'cat'"),
        ({"0.png": picture(4, 4, 3)}, "expected class folders, found 1 files"),
        ({**two_classes(), "cow/.keep": b""}, "cow: the class folder is empty"),
        (
            {**{f"train/{name}": each for name, each in two_classes().items()}, "old/a/0.png": b"x"},
            "found old",
        ),
        (
            {
                **{f"train/{name}": each for name, each in two_classes().items()},
                "test/cow/0.png": picture(6, 5, 3),
            },
            "test/cow: there is no class 'cow' in train",
        ),
        ({**two_classes(), "dog/9.png": picture(7, 5, 3)}, "cat/0.png is 6×5, dog/9.png 7×5"),
    ],
)
def test_wrong_folders(folder, files, message):
    with pytest.raises(KzooError) as error:
        image_folder(folder(files))
    assert message in said(error)


def test_wrong_arguments_of_image_folder(folder, tmp_path):
    root = folder(two_classes())
    for options in (
        {"image_size": [6]},
        {"image_size": 0},
        {"image_size": "6"},
        {"channels": 2},
        {"on_bad_image": "no"},
    ):
        with pytest.raises(KzooError, match=next(iter(options))):
            image_folder(root, **options)
    (tmp_path / "empty").mkdir()
    with pytest.raises(KzooError, match="found nothing"):
        image_folder(str(tmp_path / "empty"))
    with pytest.raises(KzooError, match="no such folder"):
        image_folder(str(tmp_path / "missing"))


def test_a_folder_too_big_for_memory_is_read_as_needed(folder, monkeypatch):
    root = folder({**two_classes(10), "dog/cut.png": b"\x89PNG\r\n\x1a\nx"})
    with pytest.warns(KzooWarning):
        kept = split_off(image_folder(root, on_bad_image="skip"), validation=4)
        monkeypatch.setattr("kzoo.data.decoded._IN_MEMORY_BELOW", 100)
        read = split_off(image_folder(root, on_bad_image="skip", cache="none"), validation=4)
    assert read.train.arrays is None and read.fingerprint == kept.fingerprint
    for part in ("train", "validation", "test"):
        pairs = list(getattr(read, part).stream())
        np.testing.assert_array_equal([x for x, _ in pairs], getattr(kept, part).arrays[0])
        np.testing.assert_array_equal([y for _, y in pairs], getattr(kept, part).arrays[1])


def test_fingerprint_of_a_folder(folder, tmp_path):
    root = folder(two_classes())
    before = image_folder(root).fingerprint
    assert image_folder(root).fingerprint == before
    (tmp_path / "pictures/cat/0.png").unlink()
    assert image_folder(root).fingerprint != before


def test_read_pictures(folder, tmp_path):
    pixels = picture(6, 5, 3)
    folder({"a.png": pixels, "grey.png": picture(12, 10, 1), "alpha.png": picture(6, 5, 4), "b.txt": b"text"})
    files = [tmp_path / "pictures" / name for name in ("a.png", "grey.png", "alpha.png")]
    read = read_pictures(files, (6, 5, 3))
    assert read.dtype == np.uint8 and read.shape == (3, 6, 5, 3)
    np.testing.assert_array_equal(read[0], pixels)
    assert np.all(read[1][..., 0] == read[1][..., 2])
    assert read_pictures(files, (8, 8, 1)).shape == (3, 8, 8, 1)
    assert np.all(read_pictures(files, (6, 5, 4))[0][..., 3] == 255)
    with pytest.raises(KzooError) as error:
        read_pictures([*files, tmp_path / "pictures/b.txt", tmp_path / "missing.png"], (6, 5, 3))
    assert "b.txt is not a picture" in said(error) and "missing.png doesn't exist" in said(error)
    with pytest.raises(KzooError, match="takes pictures"):
        read_pictures(files, (12,))
