"""Augmentations of 8 bits: each against an implementation that somebody else wrote, or against the closed form."""

import colorsys
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kzoo.augmentations import RandAugment, RandomColorJitter, RandomFlip, RandomResizedCrop
from kzoo.augmentations.picture_operations import OPERATIONS, operation
from kzoo.augmentations.random_windows import NUMBERS, random_windows
from kzoo.augmentations.seeded import Seeded
from kzoo.data.crops import brought_to

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (6, 12, 17, 3), dtype=np.uint8)


def smooth(height, width):
    rows, columns = np.mgrid[0:height, 0:width] / 9
    return np.stack(
        [100 + 90 * np.sin(rows), 120 + 70 * np.cos(columns), 90 + 60 * np.sin(rows * columns)], -1
    )


def array(values):
    return keras.ops.convert_to_numpy(values)


# RandAugment's operations, against Pillow's, with the calls that torchvision makes ---------------------------------

STRENGTH, FACTOR = 9 / 30, 0.9 * 9 / 30


def by_pillow(name, pixels, sign):
    Image = pytest.importorskip("PIL.Image")
    from PIL import ImageEnhance, ImageOps

    picture = Image.fromarray(pixels)
    height, width = pixels.shape[:2]

    def moved(*matrix):
        return picture.transform(picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)

    across, down = (sign * int(150 / 331 * side * STRENGTH) for side in (width, height))
    made = {
        "identity": lambda: picture,
        "shear_x": lambda: moved(1, 0.3 * STRENGTH * sign, 0, 0, 1, 0),
        "shear_y": lambda: moved(1, 0, 0, 0.3 * STRENGTH * sign, 1, 0),
        "translate_x": lambda: moved(1, 0, -across, 0, 1, 0),
        "translate_y": lambda: moved(1, 0, 0, 0, 1, -down),
        "rotate": lambda: picture.rotate(30 * STRENGTH * sign, Image.Resampling.NEAREST),
        "brightness": lambda: ImageEnhance.Brightness(picture).enhance(1 + FACTOR * sign),
        "color": lambda: ImageEnhance.Color(picture).enhance(1 + FACTOR * sign),
        "contrast": lambda: ImageEnhance.Contrast(picture).enhance(1 + FACTOR * sign),
        "sharpness": lambda: ImageEnhance.Sharpness(picture).enhance(1 + FACTOR * sign),
        "posterize": lambda: ImageOps.posterize(picture, 8 - round(4 * STRENGTH)),
        "solarize": lambda: ImageOps.solarize(picture, 255 * (1 - STRENGTH)),
        "auto_contrast": lambda: ImageOps.autocontrast(picture),
        "equalize": lambda: ImageOps.equalize(picture),
    }
    return np.asarray(made[name]())


@pytest.mark.parametrize("size", [(40, 56), (33, 21)])
def test_operations_are_pillows(size):
    pixels = smooth(*size).astype(np.uint8)
    backend = RandAugment().backend
    off = {}
    for number, name in enumerate(OPERATIONS):
        for sign in (-1.0, 1.0):
            ours = array(
                operation(
                    backend,
                    keras.ops.convert_to_tensor(pixels),
                    keras.ops.convert_to_tensor(number, "int32"),
                    keras.ops.convert_to_tensor(sign, "float32"),
                    STRENGTH,
                    0,
                )
            )
            difference = abs(ours.astype(int) - by_pillow(name, pixels, sign))
            # Pillow rounds places to 1/65536 of a pixel: some lie just beside.
            off[name, sign] = (difference > 1).mean()
    assert {key: share for key, share in off.items() if share > 0.004} == {}


def test_rand_augment_draws_for_each_picture():
    same = np.repeat(NOISE[:1], 300, axis=0)
    layer = Seeded(RandAugment(num_ops=1), 1 / 255)
    made = layer(tf.constant(same), tf.zeros(300), tf.constant([1, 2])) if tf.executing_eagerly() else None
    assert made[0].dtype == tf.uint8
    seen = {each.tobytes() for each in made[0].numpy()}
    # 14 operations, 9 of them either way; at this size some shifts fall together.
    assert 20 <= len(seen) <= 23


# Colours ------------------------------------------------------------------------------------------------------------


def jittered_by_colorsys(pixel, brightness, contrast, saturation, hue, mean):
    weights = np.array([0.299, 0.587, 0.114])
    values = np.clip(pixel * brightness, 0, 255)
    values = np.clip(mean + (values - mean) * contrast, 0, 255)
    grey = values @ weights
    values = np.clip(grey + (values - grey) * saturation, 0, 255)
    h, s, v = colorsys.rgb_to_hsv(*values / 255)
    return np.array(colorsys.hsv_to_rgb((h + hue) % 1, s, v)) * 255


@pytest.mark.parametrize("given", [(1.3, 0.7, 1.4, 0.2), (0.6, 1.5, 0.2, -0.35), (1.0, 1.0, 1.0, 0.5)])
def test_color_jitter_is_the_closed_form(given):
    fixed = dict(zip(("brightness", "contrast", "saturation", "hue"), [[each, each] for each in given]))
    ours = array(RandomColorJitter(**fixed)(NOISE[:2].astype("float32"), training=True))
    for before, after in zip(NOISE[:2].astype("float64"), ours):
        mean = (np.clip(before * given[0], 0, 255) @ [0.299, 0.587, 0.114]).mean()
        expected = np.array([jittered_by_colorsys(pixel, *given, mean) for pixel in before.reshape(-1, 3)])
        np.testing.assert_allclose(after.reshape(-1, 3), expected, atol=0.51)


def test_color_jitter_covers_its_range_for_each_picture():
    grey = np.full((2000, 1, 1, 1), 100, np.float32)
    made = array(RandomColorJitter(brightness=0.4, seed=3)(grey, training=True)).ravel()
    assert made.min() == pytest.approx(60, abs=1) and made.max() == pytest.approx(140, abs=1)
    assert np.histogram(made, 8, (60, 140))[0].min() > 180


def test_color_jitter_of_grey_pictures():
    with pytest.raises(ValueError, match="need 3 channels"):
        RandomColorJitter(hue=0.1)(NOISE[..., :1].astype("float32"), training=True)


# Flips --------------------------------------------------------------------------------------------------------------


def test_flips():
    pictures = np.repeat(NOISE[:1], 400, axis=0)
    for mode, ways in {"horizontal": 2, "vertical": 2, "horizontal_and_vertical": 4}.items():
        made = array(RandomFlip(mode, seed=1)(pictures.astype("float32"), training=True)).astype(np.uint8)
        across, down = "horizontal" in mode, "vertical" in mode
        wanted = [
            pictures[0][:: -1 if v else 1, :: -1 if h else 1] for h in {False, across} for v in {False, down}
        ]
        counts = [sum(np.array_equal(each, want) for each in made) for want in wanted]
        assert sum(counts) == 400 and min(counts) > 300 / ways
    never = array(RandomFlip(probability=0.0)(pictures.astype("float32"), training=True))
    np.testing.assert_array_equal(never, pictures)


# Windows ------------------------------------------------------------------------------------------------------------


def drawn(count, height, width, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3)):
    numbers = keras.ops.convert_to_tensor(RANDOM.random((count, NUMBERS), np.float32))
    sides = [keras.ops.full((count,), side, dtype="int32") for side in (height, width)]
    return array(random_windows(RandomFlip().backend, numbers, *sides, scale, ratio)).T


def test_windows_have_the_areas_and_shapes_that_are_asked_for():
    top, left, height, width = drawn(20_000, 300, 400)
    assert min(top.min(), left.min()) == 0 and (top + height).max() == 300 and (left + width).max() == 400
    share, shape = height * width / 120_000, width / height
    assert 0.079 < share.min() < 0.1 and share.max() > 0.95
    assert 0.74 < shape.min() < 0.76 and 1.32 < shape.max() < 1.345
    # Places are uniform among those that a window has.
    for begin, length, side in ((top, height, 300), (left, width, 400)):
        room = side - length > 20
        assert (begin / np.maximum(side - length, 1))[room].mean() == pytest.approx(0.5, abs=0.01)
    assert np.log(shape[share < 0.3]).mean() == pytest.approx(0, abs=0.01)


def test_a_window_that_never_fits_is_the_middle():
    windows = drawn(50, 10, 400, scale=(1.0, 1.0)).T
    assert {tuple(each) for each in windows} == {(0, 193, 10, 13)}
    assert {tuple(each) for each in drawn(50, 400, 10, scale=(1.0, 1.0)).T} == {(193, 0, 13, 10)}


def test_a_batch_is_cut_as_single_pictures_are():
    pictures = RANDOM.integers(0, 256, (4, 30, 26, 3), dtype=np.uint8)
    windows = np.array([[0, 0, 30, 26], [5, 3, 7, 20], [29, 25, 1, 1], [2, 1, 28, 24]], np.int32)
    for height, width in ((8, 8), (30, 26), (48, 20)):
        layer = RandomResizedCrop(height=height, width=width)
        batch = array(layer._cut(keras.ops.convert_to_tensor(pictures), keras.ops.convert_to_tensor(windows)))
        for picture, (top, left, high, wide), ours in zip(pictures, windows, batch):
            single = brought_to(tf.constant(picture[top : top + high, left : left + wide]), height, width)
            assert abs(single.numpy().astype(int) - ours).max() <= 1


def test_areas_against_pillow():
    Image = pytest.importorskip("PIL.Image")
    pixels = smooth(90, 60).astype(np.uint8)
    ours = brought_to(tf.constant(pixels), 30, 20).numpy().astype(int)
    box = np.asarray(Image.fromarray(pixels).resize((20, 30), Image.Resampling.BOX))
    assert abs(ours - box).max() <= 1
    larger = brought_to(tf.constant(pixels), 180, 120).numpy().astype(int)
    bilinear = np.asarray(Image.fromarray(pixels).resize((120, 180), Image.Resampling.BILINEAR))
    assert abs(larger - bilinear).max() <= 1


def test_crop_outside_training_is_the_whole_picture():
    layer = RandomResizedCrop(height=6, width=6)
    made = array(layer(NOISE.astype("float32"), training=False))
    assert made.shape == (6, 6, 6, 3) and layer.compute_output_shape((None, 9, 9, 3)) == (None, 6, 6, 3)
    assert array(layer(NOISE[0].astype("float32"), training=True)).shape == (6, 6, 3)


# What all have in common --------------------------------------------------------------------------------------------

ALL = {
    "flip": lambda **more: RandomFlip(**more),
    "jitter": lambda **more: RandomColorJitter(0.4, 0.4, 0.4, 0.1, **more),
    "rand_augment": lambda **more: RandAugment(num_ops=1, **more),
    "crop": lambda **more: RandomResizedCrop(**more),
}


@pytest.mark.parametrize("name", ALL)
def test_bytes_and_numbers_are_changed_alike(name):
    """uint8 in tf.data gives the values that floating-point pictures get, batches of any size, channels first too."""
    seeded = Seeded(ALL[name](), 1 / 255)
    seed = tf.constant([3, 4])

    def augment(count):
        x = tf.constant(NOISE)[:count]
        return seeded(x, x[:, 0, 0, 0], seed)[0], seeded(tf.cast(x, tf.float32), x[:, 0, 0, 0], seed)[0]

    counts = tf.data.Dataset.from_tensor_slices([6, 6]).map(tf.autograph.experimental.do_not_convert(augment))
    for whole, numbers in counts:
        assert whole.dtype == tf.uint8 and numbers.dtype == tf.float32
        np.testing.assert_array_equal(whole.numpy(), numbers.numpy())


@pytest.mark.parametrize("name", ALL)
def test_channels_first_config_and_saving(name, tmp_path):
    first = ALL[name](seed=5, data_format="channels_first")
    last = ALL[name](seed=5)
    pictures = NOISE.astype("float32")
    moved = array(first(np.moveaxis(pictures, -1, 1), training=True))
    np.testing.assert_array_equal(np.moveaxis(moved, 1, -1), array(last(pictures, training=True)))
    config = first.get_config()
    assert type(first).from_config(config).get_config() == config
    model = keras.Sequential([keras.Input(NOISE.shape[1:]), ALL[name](seed=5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(pictures, verbose=0), model.predict(pictures, verbose=0))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: RandomFlip("up"), "mode"),
        (lambda: RandomFlip(probability=2), "probability"),
        (lambda: RandomColorJitter(brightness=-1), "brightness"),
        (lambda: RandomColorJitter(hue=0.7), "hue"),
        (lambda: RandomColorJitter(contrast=[2, 1]), "contrast"),
        (lambda: RandAugment(num_ops=0), "num_ops"),
        (lambda: RandAugment(magnitude=31), "magnitude"),
        (lambda: RandAugment(fill=1.5), "fill"),
        (lambda: RandomResizedCrop(scale=[0, 1]), "scale"),
        (lambda: RandomResizedCrop(ratio=[2, 1]), "ratio"),
        (lambda: RandomResizedCrop(height=0), "height"),
    ],
)
def test_wrong_arguments(make, named):
    with pytest.raises(ValueError, match=f"Received: {named}="):
        make()


def test_strengths_are_the_papers():
    assert math.isclose(FACTOR, 0.27) and len(OPERATIONS) == 14
