"""Tables of comma-separated values: what is read, and what is said of those that are not right."""

import csv as csv_format
import io

import numpy as np
import pytest

from kzoo.data.csv import csv
from kzoo.problems import KzooError


def said(error):
    """All that an error says, hints too."""
    return str(error.value)


@pytest.fixture
def table(tmp_path):
    def write(text, **options):
        path = tmp_path / "table.csv"
        path.write_text(text, encoding=options.pop("encoding", "utf-8"))
        return csv(str(path), **{"target": "kind", **options})

    return write


def test_csv(table):
    source = table("a,kind,b\n1,0,2.5\n-3,1,1e3\n5,1,0\n")
    np.testing.assert_array_equal(source.train.arrays[0], [[1, 2.5], [-3, 1000], [5, 0]])
    np.testing.assert_array_equal(source.train.arrays[1], [0, 1, 1])
    assert (source.input_shape, source.num_classes, source.test) == ((2,), 2, None)


def test_csv_of_other_kinds(table):
    assert table("a;kind\n1;0\n2;1\n").num_classes == 2
    assert table("a\tkind\n1\t0\n2\t1\n").num_classes == 2
    assert table('﻿"a","kind"\r\n"1","0"\r\n"2","1"\r\n').num_classes == 2
    assert table("a,kind\n1,0.5\n2,1.5\n").num_classes is None
    assert table("a,kind\n1,0.0\n2,1.0\n").num_classes is None
    assert table("a,kind\n1,30\n2,41\n", num_classes=0).num_classes is None
    assert table("a,kind\n1,0\n\n2,1\n").train.count == 2


@pytest.mark.parametrize(
    ("text", "messages"),
    {
        "a,knd\n1,0\n": ["no column 'kind'", "Did you mean 'knd'?"],
        "a,kind\n1,0\nred,1\n3,\nnan,0\n": [
            "line 3, column 'a': 'red'",
            "line 4, column 'kind' is missing",
            "line 5",
        ],
        "a,kind\n1,0\n2\n3,1,4\n": ["line 3: 1 fields, the header has 2", "line 4: 3 fields"],
        "a,kind\n1,0\n1e300,1\n": ["line 3, column 'a': '1e300'"],
        "1,2\n3,4\n": ["expected a header row, got numbers"],
        "a,kind\n": ["nothing below the header"],
        "": ["expected a header row"],
        "kind\n1\n2\n": ["at least one more column"],
        "a,a,kind\n1,2,0\n": ["two columns are called 'a'"],
        "a,kind\n1,-1\n2,0\n": ["classes count from 0", "num_classes: 0"],
        "a,kind\n1,0\n2,900\n": ["more classes than examples"],
    }.items(),
)
def test_wrong_csv(table, text, messages):
    with pytest.raises(KzooError) as error:
        table(text)
    for message in messages:
        assert message in said(error)


def test_csv_lists_twenty_faults_and_counts_the_rest(table):
    with pytest.raises(KzooError) as error:
        table("a,kind\n" + "x,0\n" * 50)
    assert said(error).count("column 'a'") == 20 and "and 30 more" in said(error)


def test_csv_in_another_encoding(table, tmp_path):
    with pytest.raises(KzooError, match="UTF-8"):
        table("größe,kind\n1,0\n", encoding="latin-1")
    with pytest.raises(KzooError, match="no such file"):
        csv(str(tmp_path / "missing.csv"), "kind")


def test_csv_reads_what_the_csv_module_writes(table):
    numbers, text = np.random.default_rng(0).normal(size=40), io.StringIO()
    csv_format.writer(text).writerows([["a, b", "kind"], *zip(numbers, np.arange(40) % 4)])
    np.testing.assert_allclose(table(text.getvalue()).train.arrays[0][:, 0], numbers, rtol=1e-6)
