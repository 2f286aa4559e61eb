"""Datasets of tensorflow-datasets, made up for the test."""

import sys

import numpy as np
import pytest

from kzoo.data.splits import split_off
from kzoo.data.tfds import tfds
from kzoo.problems import KzooError

RANDOM = np.random.default_rng(0)


def said(error):
    """All that an error says, hints too."""
    return str(error.value)


@pytest.fixture
def made_up():
    library = pytest.importorskip("tensorflow_datasets")
    with library.testing.mock_data(num_examples=30):
        yield library


def test_tfds(made_up):
    source = tfds("mnist")
    assert (source.train.count, source.test.count, source.input_shape) == (30, 30, (28, 28, 1))
    assert (source.num_classes, source.scale, source.input_dtype) == (10, 1 / 255, "uint8")
    parts = split_off(source, validation="10%")
    assert len(list(parts.train.stream())) == 27
    assert tfds("cats_vs_dogs", image_size=[16, 20]).input_shape == (16, 20, 3)
    assert tfds("cats_vs_dogs", image_size=16).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnistt", "Did you mean tfds/mnist"),
        ("somebody:mnist", "expected the name of a dataset"),
        ("coco", "doesn't say what is input"),
        ("ag_news_subset", "'description' is Text"),
        ("cats_vs_dogs", "Set image_size"),
    ],
)
def test_tfds_that_cannot_be_used(made_up, name, message):
    with pytest.raises(KzooError) as error:
        tfds(name)
    assert message in said(error)


def test_tfds_that_is_not_prepared(monkeypatch, tmp_path):
    library = pytest.importorskip("tensorflow_datasets")

    def fail(self, **_):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(library.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(KzooError) as error:
        tfds("mnist", data_dir=str(tmp_path))
    assert "isn't prepared in" in said(error) and "no route to host" in said(error)


def test_tfds_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(KzooError, match="needs tensorflow-datasets") as error:
        tfds("mnist")
    assert 'pip install "kzoo[datasets]"' in said(error)
