"""Augmentations: ours against plain loops, and every card in tf.data as a pure function of its seed."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kzoo.augmentations import RandomShift
from kzoo.augmentations.eight_bits import EightBits
from kzoo.augmentations.seeded import Seeded
from kzoo.problems import KzooError
from kzoo.registry import catalogue

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
ROWS = np.eye(8, dtype=np.float32)

# What parts can't do without.
ARGUMENTS = {
    "center_crop": {"height": 8, "width": 8},
    "random_brightness": {"factor": 0.3},
    "random_color_degeneration": {"factor": 0.5},
    "random_color_jitter": {
        "brightness_factor": 0.3,
        "contrast_factor": 0.3,
        "saturation_factor": (0.3, 0.6),
        "hue_factor": 0.3,
    },
    "random_contrast": {"factor": 0.3},
    "kzoo/random_color_jitter": {"brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.2},
    "random_crop": {"height": 12, "width": 12},
    "random_elastic_transform": {"value_range": (0, 255)},
    "random_hue": {"factor": 0.3},
    "random_posterization": {"factor": 3},
    "random_rotation": {"factor": 0.2},
    "random_saturation": {"factor": 0.4},
    "random_sharpness": {"factor": 0.4},
    "random_shear": {"x_factor": 0.3, "y_factor": 0.2},
    "random_translation": {"height_factor": 0.2, "width_factor": 0.2},
    "random_zoom": {"height_factor": 0.2},
    "resizing": {"height": 8, "width": 8},
    "solarization": {"addition_factor": 0.3, "threshold_factor": 0.3},
}
CARDS = {
    card.full_name: card for card in catalogue().cards("augmentation") if card.package in ("keras", "kzoo")
}


def arguments_of(card):
    if card.package == "kzoo":
        return ARGUMENTS.get(card.full_name, {})
    return ARGUMENTS.get(card.name, {})


NOT_RANDOM = {
    "auto_contrast",
    "center_crop",
    "contrast_limited_adaptive_histogram_equalization",
    "equalization",
    "resizing",
}


def augmented(layer, seeds, pictures=PICTURES, rows=ROWS):
    """What a layer makes of one batch in tf.data, for each of the seeds."""
    seeded = Seeded(layer, 1 / 255)

    def augment(seed):
        return seeded(tf.constant(pictures), tf.constant(rows), seed)

    seeds = tf.data.Dataset.from_tensor_slices(np.array(seeds, np.int32))
    augment = tf.autograph.experimental.do_not_convert(augment)
    return [(x.numpy(), y.numpy()) for x, y in seeds.map(augment, num_parallel_calls=2, deterministic=True)]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other))


@pytest.mark.parametrize("name", CARDS)
def test_every_augmentation_is_a_function_of_its_seed(name):
    card = CARDS[name]
    if card.refuses_recipes():
        pytest.skip(card.refuses_recipes())
    keras.utils.set_random_seed(1)
    layer = card.load()(**arguments_of(card))
    one, again, other = augmented(layer, [(1, 2), (1, 2), (3, 4)])
    assert same(one, again)
    kept = np.uint8 if isinstance(layer, EightBits) else np.float32
    assert one[0].dtype == kept and np.isfinite(one[0]).all()
    assert same(one, other) == (card.name in NOT_RANDOM)
    # Neither a global seed, nor a seed of its own, nor what the layer did before has a say.
    keras.utils.set_random_seed(2)
    own_seed = {"seed": 5} if "seed" in (card.signature or "") else {}
    fresh = card.load()(**arguments_of(card), **own_seed)
    assert same(one, augmented(fresh, [(1, 2)])[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras's layers provoke on other backends is not ours
        layer(PICTURES.astype("float32"), training=True)
    used = augmented(layer, [(1, 2)])[0]
    np.testing.assert_allclose(
        used[0], one[0], rtol=1e-6, atol=1e-4
    )  # a graph traced anew may round otherwise


def test_only_aug_mix_is_refused():
    assert [name for name, card in CARDS.items() if card.refuses_recipes()] == ["keras/aug_mix"]
    layer = CARDS["keras/aug_mix"].load()
    runs = [augmented(layer(), [(1, 2)])[0] for _ in range(6)]
    assert not all(same(runs[0], run) for run in runs), (
        "it has become a function of its seed: let recipes have it"
    )


def test_layers_inside_layers_are_seeded_too():
    def pipeline():
        return keras.layers.Pipeline([keras.layers.RandomFlip(), RandomShift(3)])

    one, again, other = augmented(pipeline(), [(1, 2), (1, 2), (3, 4)])
    assert same(one, again) and not same(one, other)
    assert same(one, augmented(pipeline(), [(1, 2)])[0])


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="plain layers run in tf.data on TensorFlow only"
)
def test_plain_layers_are_seeded_too():
    one, again, other = augmented(keras.layers.Dropout(0.5, seed=1), [(1, 2), (1, 2), (3, 4)])
    assert same(one, again) and not same(one, other)
    assert same(one, augmented(keras.layers.Dropout(0.5, seed=2), [(1, 2)])[0])


def test_a_layer_is_left_as_it_was():
    layer = RandomShift(2, seed=3)
    generator = layer.generator
    before = np.asarray(keras.ops.convert_to_numpy(generator.state))
    augmented(layer, [(1, 2)])
    assert layer.generator is generator and "_get_seed_generator" not in vars(layer)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(generator.state), before)
    assert layer.backend.name == keras.backend.backend()


@pytest.mark.parametrize("name", ["mix_up", "cut_mix"])
def test_mixing_mixes_labels_alike(name):
    layer = CARDS[f"keras/{name}"].load()()
    flat = np.repeat(np.arange(8, dtype=np.float32), 16 * 16).reshape(8, 16, 16, 1) * 10
    (x, y), *_ = augmented(layer, [(5, 6)], flat)
    assert not np.array_equal(y, ROWS)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    # A picture's mean shows how much of each label is in it; a box is counted in whole pixels, its label isn't.
    tolerance = 1e-3 if name == "mix_up" else 10
    np.testing.assert_allclose(x.mean(axis=(1, 2, 3)), y @ (np.arange(8) * 10), atol=tolerance)


def test_mixing_without_rows_is_an_error():
    with pytest.raises(KzooError, match="MixUp mixes labels"):
        augmented(keras.layers.MixUp(), [(1, 2)], rows=np.arange(8))


def test_a_value_range_that_does_not_fit_is_an_error():
    with pytest.raises(KzooError, match="expects values from 0 to 255, here they go from 0 to 16") as error:
        Seeded(keras.layers.RandomBrightness(0.2), 1 / 16)
    assert "Set value_range to [0, 16]" in str(error.value)
    Seeded(keras.layers.RandomBrightness(0.2, value_range=(0, 16)), 1 / 16)
    Seeded(keras.layers.RandomBrightness(0.2, value_range=(-1, 1)), 1.0)


def test_a_layer_that_fails_is_named():
    with pytest.raises(
        KzooError, match=r"augmentation RandomCrop doesn't work on inputs of shape \(16, 16, 3\)"
    ):
        augmented(keras.layers.RandomCrop("a", 3), [(1, 2)])


# RandomShift -------------------------------------------------------------------------------------------------------


def shifted(picture, down, right, fill):
    """The same by a loop over pixels."""
    height, width = picture.shape[:2]
    result = np.full_like(picture, fill)
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                result[row, column] = picture[row - down, column - right]
    return result


def found_shift(before, after, pixels, fill):
    fits = [
        (down, right)
        for down in range(-pixels, pixels + 1)
        for right in range(-pixels, pixels + 1)
        if np.array_equal(shifted(before, down, right, fill), after)
    ]
    assert len(fits) == 1
    return fits[0]


@pytest.mark.parametrize("shape", [(7, 5, 1), (6, 9, 3)])
def test_random_shift_shifts_each_picture_by_whole_pixels(shape):
    pictures = RANDOM.uniform(1, 2, (150, *shape)).astype(np.float32)
    moved = keras.ops.convert_to_numpy(RandomShift(2, fill=-1.0, seed=4)(pictures, training=True))
    shifts = [found_shift(before, after, 2, -1.0) for before, after in zip(pictures, moved)]
    assert len(set(shifts)) == 25, "all shifts from -2 to 2 occur, down and right apart"


def test_random_shift_is_uniform():
    dots = np.zeros((5000, 7, 7, 1), np.float32)
    dots[:, 3, 3] = 1
    moved = keras.ops.convert_to_numpy(RandomShift(1, seed=0)(dots, training=True))
    counts = moved.sum(axis=0)[2:5, 2:5, 0]
    assert counts.sum() == 5000
    assert abs(counts - 5000 / 9).max() < 5 * np.sqrt(5000 / 9)


def test_random_shift_in_tf_data_is_the_same_layer():
    (one, _), (other, _) = augmented(RandomShift(3, fill=7), [(1, 2), (1, 3)])
    for moved in (one, other):
        for before, after in zip(PICTURES.astype(np.float32), moved):
            found_shift(before, after, 3, 7)


def test_random_shift_when_not_training():
    layer = RandomShift(2)
    pictures = PICTURES.astype(np.float32)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(pictures, training=False)), pictures)
    model = keras.Sequential([keras.Input((16, 16, 3)), layer])
    np.testing.assert_array_equal(model.predict(pictures, verbose=0), pictures)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(RandomShift(0)(pictures, training=True)), pictures
    )


def test_random_shift_of_one_picture_masks_and_channels_first():
    picture = RANDOM.uniform(1, 2, (6, 5, 2)).astype(np.float32)
    layer = RandomShift(2, seed=1)
    found_shift(picture, keras.ops.convert_to_numpy(layer(picture, training=True)), 2, 0)
    batch = {
        "images": picture[None],
        "segmentation_masks": picture[None] + 5,
        "labels": np.ones((1, 2), "float32"),
    }
    moved = {
        key: keras.ops.convert_to_numpy(value) for key, value in layer(dict(batch), training=True).items()
    }
    where = found_shift(picture, moved["images"][0], 2, 0)
    assert found_shift(picture + 5, moved["segmentation_masks"][0], 2, 0) == where
    np.testing.assert_array_equal(moved["labels"], batch["labels"])
    first = RandomShift(2, seed=1, data_format="channels_first")
    moved = keras.ops.convert_to_numpy(first(np.moveaxis(picture, -1, 0)[None], training=True))
    found_shift(picture, np.moveaxis(moved[0], 0, -1), 2, 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_random_shift_in_other_dtypes(dtype):
    moved = RandomShift(1, dtype=dtype)(PICTURES.astype("float32"), training=True)
    assert keras.backend.standardize_dtype(moved.dtype) == dtype
    assert keras.ops.convert_to_numpy(keras.ops.cast(moved, "float32")).max() <= 256


@pytest.mark.parametrize("compiled", [False, True])
def test_random_shift_trains_inside_a_model(compiled, tmp_path):
    model = keras.Sequential(
        [keras.Input((16, 16, 3)), RandomShift(2, fill=0.5), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse", jit_compile=compiled and keras.backend.backend() != "torch")
    pictures = PICTURES.astype("float32") / 255
    model.fit(pictures, np.ones(8, "float32"), epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.layers[0].pixels, loaded.layers[0].fill) == (2, 0.5)
    np.testing.assert_array_equal(loaded.predict(pictures, verbose=0), model.predict(pictures, verbose=0))


def test_random_shift_config_and_wrong_arguments():
    config = RandomShift(3, fill=1, seed=9, data_format="channels_first").get_config()
    assert RandomShift.from_config(config).get_config() == config
    for wrong in (-1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="Received: pixels="):
            RandomShift(wrong)
