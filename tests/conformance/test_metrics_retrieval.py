"""What is particular to metrics of neighbours."""

import numpy as np
import pytest

from kzoo.metrics import RecallAtK

from .gradients import as_float64


def _recall(*data, **arguments):
    metric = RecallAtK(dim=1, distance="euclidean", **{"capacity": 10, **arguments})
    metric.update_state(*data)
    return float(as_float64(metric.result()))


LABELS, ROWS = [7, 7, 2, 2, 5], [[0.0], [1.0], [3.0], [1.5], [9.0]]  # found: 0 and 3; 5 is alone


def test_weights_count_for_who_looks_and_nobody_is_found_without_one():
    assert _recall(LABELS, ROWS) == 0.5
    assert _recall(LABELS, ROWS, [4, 1, 2, 1, 9]) == 6 / 8
    assert _recall(LABELS, ROWS, [1, 1, 1, 0, 1]) == 1  # the row between is gone, and 3 is alone
    assert _recall(LABELS, ROWS, k=3) == 1


def test_fewer_rows_than_neighbours():
    assert _recall([1, 1], ROWS[:2], k=5) == 1
    assert _recall([1, 2], ROWS[:2], k=5) == 0


def test_more_rows_than_fit_have_no_result():
    assert _recall(LABELS, ROWS, capacity=5) == 0.5
    assert np.isnan(_recall(LABELS, ROWS, capacity=4))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"dim": 0}, "dim=0"),
        ({"dim": 3, "k": 0}, "k=0"),
        ({"dim": 3, "k": 5, "capacity": 5}, "capacity=5"),
        ({"dim": 3, "distance": "manhattan"}, "distance='manhattan'"),
    ],
)
def test_wrong_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        RecallAtK(**arguments)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"embeddings \(batch, 3\)"):
        RecallAtK(dim=3).update_state([0, 1], np.zeros((2, 4)))
    with pytest.raises(ValueError, match="Expected labels"):
        RecallAtK(dim=3).update_state([0, 1, 2], np.zeros((2, 3)))
