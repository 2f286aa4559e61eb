"""Pictures read from files: windows cut while decoding, caches in memory and on disk, a tf.data service."""

import io

import numpy as np
import pytest
import tensorflow as tf

from kzoo.augmentations import RandomFlip, RandomResizedCrop
from kzoo.augmentations.random_windows import NUMBERS, random_windows
from kzoo.data.crops import brought_to
from kzoo.data.image_folder import image_folder
from kzoo.data.pictures import read_window
from kzoo.data.pipeline import evaluation_batches, training_batches
from kzoo.data.service import checked_service
from kzoo.problems import KzooError

Image = pytest.importorskip("PIL.Image")
COUNT = 10


def saved(number):
    """A smooth picture with a size of its own; JPEG with colours at half the size, or PNG."""
    height, width = 40 + 3 * number, 60 - 2 * number
    rows, columns = np.mgrid[0:height, 0:width] / (5 + number)
    colours = [
        128 + 120 * np.sin(rows + number),
        128 + 100 * np.cos(columns),
        128 + 90 * np.sin(rows - columns),
    ]
    picture = Image.fromarray(np.stack(colours, -1).astype(np.uint8))
    picture = picture.convert({5: "CMYK", 6: "L"}.get(number, "RGB"))
    made = io.BytesIO()
    picture.save(made, "PNG" if number % 4 == 3 else "JPEG")
    return made.getvalue()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    for number in range(COUNT):
        place = tmp_path / "pictures" / ("cat", "dog")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:02}.picture").write_bytes(saved(number))
    return tmp_path / "pictures"


def batches_of(source, epochs=2, augment=(), **more):
    made = training_batches(source.train, batch_size=4, seed=3, epochs=epochs, augment=augment, **more)
    return [(x.numpy(), y.numpy()) for x, y in made]


def assert_same(one, other):
    assert len(one) == len(other)
    for (x, y), (other_x, other_y) in zip(one, other):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


@pytest.mark.parametrize("full_size", [False, True], ids=["resized", "cut"])
def test_no_batch_depends_on_the_cache(folder, full_size):
    augment = [RandomResizedCrop(), RandomFlip()] if full_size else [RandomFlip()]
    made, evaluated, prints = [], [], set()
    for cache in ("none", "memory", "disk"):
        source = image_folder(str(folder), image_size=[16, 20], cache=cache, full_size=full_size)
        prints.add(source.fingerprint)
        made.append(batches_of(source, augment=augment))
        evaluated.append([(x.numpy(), y.numpy()) for x, y in evaluation_batches(source.train, batch_size=5)])
    assert len(prints) == 1
    for other in (1, 2):
        assert_same(made[0], made[other])
        assert_same(evaluated[0], evaluated[other])
    assert made[0][0][0].shape == (4, 16, 20, 3) and not np.array_equal(made[0][0][0], made[0][3][0])


def test_resuming_replays_windows(folder):
    source = image_folder(str(folder), image_size=16, cache="none", full_size=True)
    augment = [RandomResizedCrop(), RandomFlip()]
    whole = batches_of(source, 3, augment)
    assert_same(whole[6:], batches_of(source, 3, augment, first_epoch=2))
    assert_same(whole[:2], batches_of(source, 1, augment, drop_remainder=True))


def test_windows_are_cut_from_pictures_as_large_as_they_are(folder):
    """Batches against the same windows, cut from whole decoded pictures."""
    source = image_folder(str(folder), image_size=16, cache="none", full_size=True)
    files, layer = source.train.files, RandomResizedCrop(scale=[0.3, 0.5])
    made = training_batches(source.train, batch_size=COUNT, seed=3, epochs=1, augment=[layer], shuffle=False)
    root = tf.constant(np.array([3], np.uint64).view(np.int32))
    seed = root
    for number in (1, 0, 0, 0):  # augmentation, epoch, step, the first layer
        seed = tf.random.experimental.stateless_fold_in(seed, number)
    numbers = tf.random.stateless_uniform((COUNT, NUMBERS), seed)
    sides = tf.cast(files.sizes, tf.int32)
    windows = random_windows(layer.backend, numbers, sides[:, 0], sides[:, 1], layer.scale, layer.ratio)
    (x, _), *_ = made
    for path, (top, left, high, wide), ours in zip(files.paths, np.array(windows), x.numpy()):
        whole = read_window(path, None, 3)
        assert 0.25 < high * wide / np.prod(whole.shape[:2]) < 0.55
        cut = brought_to(whole[top : top + high, left : left + wide], 16, 16)
        np.testing.assert_array_equal(ours, cut)


def test_pictures_on_disk_are_decoded_once(folder, monkeypatch, tmp_path):
    source = image_folder(str(folder), image_size=16, cache="disk")
    assert "decoded pictures are kept in" in source.notes[0]
    before = batches_of(source)

    def never(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr("kzoo.data.decoded._decode", never)
    assert_same(before, batches_of(image_folder(str(folder), image_size=16, cache="disk")))
    for changed in ({"image_size": 18}, {"image_size": 16, "channels": 1}):
        with pytest.raises(AssertionError, match="decoded again"):
            image_folder(str(folder), cache="disk", **changed)
    # Another content under the same name, and one that was cut short on its way to the disk.
    (folder / "cat" / "00.picture").write_bytes(saved(2))
    with pytest.raises(AssertionError, match="decoded again"):
        image_folder(str(folder), image_size=16, cache="disk")
    monkeypatch.undo()
    assert not list(tmp_path.rglob(".new-*"))


def test_a_cache_that_is_not_whole_is_made_again(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    before = batches_of(image_folder(str(folder), image_size=16, cache="disk"))
    (kept,) = (tmp_path / "caches/kzoo/pictures").iterdir()
    (kept / "pictures.bin").write_bytes(b"short")
    assert_same(before, batches_of(image_folder(str(folder), image_size=16, cache="disk")))


def test_where_pictures_are_kept_follows_from_their_size(folder, monkeypatch):
    def chosen():
        source = image_folder(str(folder), image_size=16)
        kinds = {"U": "none", "i": "disk"}
        return "memory" if source.train.arrays else kinds[source.train.files.paths.dtype.kind]

    assert chosen() == "memory"
    monkeypatch.setattr("kzoo.data.decoded._IN_MEMORY_BELOW", 100)
    assert chosen() == "disk"
    monkeypatch.setattr("kzoo.data.decoded._ON_DISK_BELOW", 100)
    assert chosen() == "none"
    with pytest.raises(KzooError, match="cache: expected auto, memory, disk or none"):
        image_folder(str(folder), image_size=16, cache="ram")


def test_no_room_on_the_disk(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(KzooError, match=r"can't keep .* No space left on device") as error:
        image_folder(str(folder), image_size=16, cache="disk")
    assert "data.cache to none" in str(error.value)


def test_a_crop_of_another_size(folder):
    source = image_folder(str(folder), image_size=16, full_size=True)
    with pytest.raises(KzooError, match="makes pictures of 8×8, the data has 16×16"):
        batches_of(source, augment=[RandomResizedCrop(height=8, width=8)])


# The tf.data service ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service():
    """A dispatcher and two workers on loopback."""
    api = tf.data.experimental.service
    dispatcher = api.DispatchServer(api.DispatcherConfig(port=0))
    address = dispatcher.target.split("://")[1]
    workers = [
        api.WorkerServer(api.WorkerConfig(dispatcher_address=address, heartbeat_interval_ms=100))
        for _ in range(2)
    ]
    yield dispatcher.target.replace("localhost", "127.0.0.1")
    for each in workers:
        each._stop()
    dispatcher._stop()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["arrays", "cut"])
def test_a_service_makes_the_same_batches_each_once_an_epoch(folder, service, kind):
    full_size, cache = kind == "cut", "memory" if kind == "arrays" else "none"
    source = image_folder(str(folder), image_size=16, cache=cache, full_size=full_size)
    augment = [RandomResizedCrop(), RandomFlip()] if full_size else [RandomFlip()]
    here = batches_of(source, 3, augment, scale=1 / 255)
    there = batches_of(source, 3, augment, scale=1 / 255, service=service, first_epoch=1)
    assert len(here) == 9 and len(there) == 6

    def in_order(batches):
        return sorted(batches, key=lambda batch: batch[0].tobytes())

    for epoch in (1, 2):
        came = there[3 * epoch - 3 : 3 * epoch]
        assert_same(in_order(here[3 * epoch : 3 * epoch + 3]), in_order(came))


def test_services_that_are_none(service):
    assert checked_service(service) == service
    for wrong in ("127.0.0.1:5000", "http://127.0.0.1:80", "grpc://host", 5000):
        with pytest.raises(KzooError, match="service: expected grpc://host:port"):
            checked_service(wrong)
    with pytest.raises(KzooError, match=r"nothing answers at grpc://127.0.0.1:9"):
        checked_service("grpc://127.0.0.1:9")
