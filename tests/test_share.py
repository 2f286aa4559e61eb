"""What every host reads, put together, is what one host reads."""

import numpy as np
import pytest
import tensorflow as tf

from kzoo.data.pipeline import evaluation_batches, training_batches
from kzoo.data.share import Share, real_rows
from kzoo.data.source import Files, Split

COUNT = 23
X = np.random.default_rng(0).integers(0, 256, (COUNT, 3), dtype=np.uint8)
Y = np.arange(COUNT, dtype=np.int64)


def read(path):
    return tf.gather(tf.constant(X), tf.strings.to_number(path, tf.int64))


SPLITS = {
    "arrays": Split.of_arrays(X, Y),
    "stream": Split(COUNT, stream=lambda: tf.data.Dataset.from_tensor_slices((X, Y))),
    "files": Split.of_files(Files(np.array([str(number) for number in range(COUNT)]), Y, read)),
}


def together(of_share, hosts, devices):
    """The batches of all hosts, laid side by side as a mesh of devices does, and their real rows."""
    shares = [Share(devices, hosts, host) for host in range(hosts)]
    for parts in zip(*map(of_share, shares), strict=True):
        assert len({part[0].shape for part in parts}) == 1, "each host has as many rows as any other"
        assert sum(len(part[0]) for part in parts) % devices == 0
        marks = {part[2].shape[2] for part in parts}
        x, y, mark = (np.concatenate([part[index] for part in parts]) for index in range(3))
        assert len(marks) == 1
        yield real_rows((x, y, mark))


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
@pytest.mark.parametrize(
    "hosts, devices, batch_size, whole",
    [(1, 2, 8, False), (2, 4, 5, False), (3, 3, 6, True), (2, 2, 30, False)],
)
def test_hosts_read_together_what_one_reads(split, hosts, devices, batch_size, whole):
    def trained(share):
        return training_batches(
            split, batch_size=batch_size, seed=3, epochs=2, drop_remainder=whole, scale=0.5, share=share
        ).as_numpy_iterator()

    def measured(share):
        return evaluation_batches(
            split, batch_size=batch_size, one_hot=COUNT, share=share
        ).as_numpy_iterator()

    for read_by in (trained, measured):
        wanted = list(read_by(None))
        found = list(together(read_by, hosts, devices))
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_balanced_every_device_gets_its_rows(split):
    # 23 are 4 batches of 5 and 3 more, which all of the 4 devices get: more than of a whole batch.
    share = Share(4, balanced=True)
    wanted = list(evaluation_batches(split, batch_size=5).as_numpy_iterator())
    found = list(evaluation_batches(split, batch_size=5, share=share).as_numpy_iterator())
    assert len(found) == len(wanted)
    for (x, y, mark), (_, all_y) in zip(found, wanted):
        assert mark.shape == (len(x), 0, len(all_y))
        np.testing.assert_array_equal(y, all_y[share.columns(len(all_y))])


def test_hosts_of_files_open_their_own_only():
    opened = []

    def read_and_tell(path):
        tf.py_function(lambda name: opened.append(int(name.numpy())), [path], [])
        return read(path)

    split = Split.of_files(Files(np.array([str(number) for number in range(COUNT)]), Y, read_and_tell))
    list(training_batches(split, batch_size=8, seed=0, epochs=1, share=Share(2, 2, 0)))
    assert len(opened) == 4 + 4 + 4  # of 8, 8 and 7


def test_hosts_draw_other_numbers_for_their_rows():
    import keras

    split = Split.of_arrays(np.full((8, 4, 4, 1), 128, np.uint8), np.zeros(8, np.int64))
    seen = [
        next(
            training_batches(
                split,
                batch_size=8,
                seed=0,
                epochs=1,
                augment=[keras.layers.RandomBrightness(0.5)],
                share=share,
            ).as_numpy_iterator()
        )[0]
        for share in (Share(2, 2, 0), Share(2, 2, 1))
    ]
    assert not np.array_equal(*seen)


def test_batches_without_a_mark_stay_as_they_are():
    data = (np.zeros((4, 2)), np.zeros(4))
    assert real_rows(data) is data
    weighted = (*data, np.ones(4))
    assert real_rows(weighted) is weighted


@pytest.mark.parametrize("rows", [1, 3, 4, 5, 9, 16])
def test_balanced_no_device_goes_empty(rows):
    devices = 4
    share = Share(devices, balanced=True)
    columns = share.columns(rows)
    assert len(columns) == share.rows(rows) and len(columns) % devices == 0
    parts = columns.reshape(devices, -1)
    if rows < devices:
        assert all(part.tolist() == list(range(rows)) for part in parts)
    else:
        own = [rows // devices + (number < rows % devices) for number in range(devices)]
        assert [row for part, count in zip(parts, own) for row in part[:count]] == list(range(rows))
