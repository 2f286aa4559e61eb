"""The input pipeline: what is in a batch, and that every batch depends on (seed, epoch, step) alone."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from kzoo.augmentations import RandomShift
from kzoo.data.pipeline import evaluation_batches, steps_per_epoch, training_batches
from kzoo.data.source import Files, Split
from kzoo.problems import KzooError

COUNT = 50
RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 256, (COUNT, 6, 6, 1), dtype=np.uint8)
Y = np.arange(COUNT, dtype=np.int64)  # so that a label says which example it is
AUGMENT = {"plain": lambda: [], "augmented": lambda: [RandomShift(1), keras.layers.RandomRotation(0.1)]}


def stream():
    return tf.data.Dataset.from_tensor_slices((X, Y))


def read(path):
    return tf.gather(tf.constant(X), tf.strings.to_number(path, tf.int64))


SPLITS = {
    "arrays": Split.of_arrays(X, Y),
    "stream": Split(COUNT, stream=stream),
    "files": Split.of_files(Files(np.array([str(number) for number in range(COUNT)]), Y, read)),
}
BOTH = pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)


def listed(batches):
    return [(x.numpy(), y.numpy()) for x, y in batches]


def training(split, **options):
    return listed(training_batches(split, **{"batch_size": 8, "seed": 1, "epochs": 3, **options}))


def assert_same(one, other):
    assert len(one) == len(other)
    for (x, y), (other_x, other_y) in zip(one, other):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


def labels(batches):
    return [int(label) for _, y in batches for label in y]


@BOTH
def test_every_epoch_has_every_example_once_in_its_own_order(split):
    batches = training(split, scale=0.5)
    epochs = [labels(batches[7 * epoch : 7 * epoch + 7]) for epoch in range(3)]
    assert len(batches) == 21
    for order in epochs:
        assert sorted(order) == list(range(COUNT)) and order != list(range(COUNT))
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    for x, y in batches:
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x, X[y] * np.float32(0.5))


@BOTH
@pytest.mark.parametrize("augment", AUGMENT.values(), ids=AUGMENT)
@pytest.mark.parametrize("whole", [False, True], ids=["all", "drop_remainder"])
def test_resuming_replays_what_the_uninterrupted_training_had(split, augment, whole):
    options = {"epochs": 4, "drop_remainder": whole, "scale": 1 / 255}
    steps = steps_per_epoch(COUNT, 8, whole)
    uninterrupted = training(split, augment=augment(), **options)
    assert len(uninterrupted) == 4 * steps
    for first_epoch, first_step in ((1, 0), (2, 3), (3, 0), (4, 0)):
        # Neither global seeds nor how many cores there are may matter.
        keras.utils.set_random_seed(first_epoch)
        first = {"first_epoch": first_epoch, "first_step": first_step}
        resumed = training(split, augment=augment(), **first, **options)
        assert_same(resumed, uninterrupted[first_epoch * steps + first_step :])


@BOTH
def test_another_seed_gives_other_batches(split):
    assert_same(training(split), training(split))
    assert labels(training(split)) != labels(training(split, seed=2))
    assert labels(training(split, seed=0)) != labels(training(split, seed=2**32))
    assert len(training(split, seed=-1)) == 21


def test_augmentation_differs_between_epochs_and_between_two_of_a_kind():
    one = training(SPLITS["arrays"], shuffle=False, augment=[RandomShift(2)])
    assert not np.array_equal(one[0][0], one[7][0])
    # Were both drawn from one seed, every shift would be even.
    pictures = np.zeros((64, 21, 21, 1), np.uint8)
    pictures[:, 10, 10] = 1
    twice = training(
        Split.of_arrays(pictures, Y[:1].repeat(64)), augment=[RandomShift(2), RandomShift(2)], epochs=1
    )
    places = np.concatenate([np.argwhere(x)[:, 1:3] for x, _ in twice]) - 10
    assert np.any(places % 2 == 1) and abs(places).max() > 2


@BOTH
def test_without_shuffling_the_order_is_that_of_the_data(split):
    assert labels(training(split, shuffle=False)) == list(range(COUNT)) * 3


@BOTH
def test_shapes_cardinality_and_labels_as_rows(split):
    batches = training_batches(
        split, batch_size=8, seed=0, epochs=3, first_epoch=1, drop_remainder=True, one_hot=COUNT
    )
    assert int(batches.cardinality()) == 12
    assert [tuple(spec.shape) for spec in batches.element_spec] == [(8, 6, 6, 1), (8, COUNT)]
    x, y = next(iter(batches))
    np.testing.assert_array_equal(
        np.argmax(y, axis=1), [np.flatnonzero((each == X).all((1, 2, 3)))[0] for each in x.numpy()]
    )
    assert tuple(training_batches(split, batch_size=10, seed=0, epochs=1).element_spec[0].shape) == (
        10,
        6,
        6,
        1,
    )
    assert tuple(training_batches(split, batch_size=8, seed=0, epochs=1).element_spec[0].shape)[1:] == (
        6,
        6,
        1,
    )


@BOTH
def test_evaluation_has_everything_once_in_order(split):
    batches = evaluation_batches(split, batch_size=8, scale=2.0)
    assert int(batches.cardinality()) == 7
    for _ in range(2):
        seen = listed(batches)
        assert [len(y) for _, y in seen] == [8] * 6 + [2]
        assert labels(seen) == list(range(COUNT))
        np.testing.assert_array_equal(np.concatenate([x for x, _ in seen]), X * np.float32(2))
    rows = listed(evaluation_batches(split, batch_size=50, one_hot=COUNT))[0][1]
    np.testing.assert_array_equal(rows, np.eye(COUNT))


def counted_stream(seen):
    def note(x):
        seen.append(1)
        return x

    def make():
        return stream().map(
            lambda x, y: (tf.ensure_shape(tf.numpy_function(note, [x], tf.uint8), (6, 6, 1)), y)
        )

    return make


def test_a_small_stream_is_read_once_and_a_big_one_each_epoch(monkeypatch):
    seen = []
    training(Split(COUNT, stream=counted_stream(seen)), epochs=3)
    assert len(seen) == COUNT
    monkeypatch.setattr("kzoo.data.epochs._CACHED_BELOW", 1000)
    seen.clear()
    training(Split(COUNT, stream=counted_stream(seen)), epochs=3)
    assert len(seen) == 3 * COUNT


def test_numbers_as_targets_and_rank_two_inputs():
    x = RANDOM.normal(size=(10, 3)).astype("float32")
    batches = training(Split.of_arrays(x, x), epochs=1)
    assert [each.shape for each, _ in batches] == [(8, 3), (2, 3)]
    for inputs, targets in batches:
        np.testing.assert_array_equal(inputs, targets)


def test_steps_per_epoch():
    assert [steps_per_epoch(10, 5), steps_per_epoch(11, 5), steps_per_epoch(11, 5, True)] == [2, 3, 2]
    with pytest.raises(KzooError, match="3 examples make no batch of 5"):
        steps_per_epoch(3, 5, True)
    with pytest.raises(KzooError, match="no examples"):
        steps_per_epoch(0, 5)
    for wrong in (0, -1, 2.5, True, "8"):
        with pytest.raises(KzooError, match="batch_size"):
            steps_per_epoch(10, wrong)


def test_augmentations_that_do_not_fit():
    arrays = SPLITS["arrays"]
    with pytest.raises(KzooError, match="MixUp mixes labels") as error:
        training(arrays, augment=[keras.layers.MixUp()])
    assert "categorical_crossentropy" in str(error.value)
    with pytest.raises(
        KzooError, match=r"RandomBrightness expects values from 0 to 1, here they go from 0 to 255"
    ):
        training(arrays, augment=[keras.layers.RandomBrightness(0.2, value_range=(0, 1))], scale=1 / 255)
    features = Split.of_arrays(np.zeros((9, 3), np.float32), Y[:9])
    with pytest.raises(KzooError, match=r"RandomShift doesn't work on inputs of shape \(3,\)"):
        training(features, augment=[RandomShift(1)])


def test_colour_augmentation_comes_before_scaling():
    grey = np.full((8, 4, 4, 1), 100, np.uint8)
    brighter = keras.layers.RandomBrightness((0.2, 0.2))
    (x, _), *_ = training(Split.of_arrays(grey, Y[:8]), augment=[brighter], scale=1 / 255, epochs=1)
    np.testing.assert_allclose(x, (100 + 0.2 * 255) / 255, rtol=1e-5)


def test_pictures_stay_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = [RandomShift(1), keras.layers.RandomFlip()]
        (x, _), *_ = training(SPLITS["arrays"], augment=layers, epochs=1)
    finally:
        keras.config.set_dtype_policy(before)
    assert x.dtype == np.float32
    assert set(np.unique(x)) <= {0.0, *X.astype(np.float32).ravel()}


def test_fit_takes_the_batches_of_all_epochs():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(COUNT)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    split = SPLITS["arrays"]
    history = model.fit(
        training_batches(split, batch_size=8, seed=0, first_epoch=1, epochs=3, scale=1 / 255),
        initial_epoch=1,
        epochs=3,
        steps_per_epoch=7,
        shuffle=False,
        verbose=0,
        validation_data=evaluation_batches(split, batch_size=8, scale=1 / 255),
    )
    assert history.epoch == [1, 2] and np.isfinite(history.history["val_loss"]).all()


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="MirroredStrategy is TensorFlow's")
@pytest.mark.parametrize("kind", ["arrays", "stream"])
def test_two_devices_train_as_one(kind):
    code = f"""
        import contextlib
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        import keras
        from tests.test_pipeline import SPLITS, COUNT
        from kzoo.data.pipeline import evaluation_batches, training_batches
        split = SPLITS["{kind}"]
        for strategy in (None, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
            keras.utils.set_random_seed(0)
            with strategy.scope() if strategy else contextlib.nullcontext():
                model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(COUNT)])
                model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            batches = training_batches(split, batch_size=8, seed=0, epochs=2, scale=1 / 255)
            checked = evaluation_batches(split, batch_size=8, scale=1 / 255)
            history = model.fit(batches, epochs=2, steps_per_epoch=7, verbose=0, validation_data=checked).history
            print(*history["loss"], *history["val_loss"])
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    one, two = [[float(number) for number in line.split()] for line in done.stdout.strip().splitlines()]
    np.testing.assert_allclose(one, two, rtol=1e-5)
