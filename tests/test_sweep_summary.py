"""What is said of a sweep: what is noise, what counts, and the heat map."""

import math
import xml.etree.ElementTree as ElementTree

import pytest
from sweep_double import MEASURES, double, outcomes, override  # noqa: F401 - double is a fixture

from kzoo.problems import KzooError
from kzoo.sweep import sweep
from kzoo.sweep.objective import choose
from kzoo.sweep.summary import Cell, Trial, chance, judged, summarize


def cell(name, *values):
    trials = tuple(Trial(0, "complete", {}, {}, {"val_x": each}, {}, "", "", "") for each in values)
    return Cell({"a": name}, trials, "val_x")


def test_welch_as_in_his_own_formula():
    best, other = [27.5, 21.0, 19.0, 23.6, 17.0], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5]

    def moments(values):
        mean = sum(values) / len(values)
        return mean, sum((each - mean) ** 2 for each in values) / (len(values) - 1) / len(values)

    (one, v1), (two, v2) = moments(best), moments(other)
    t = abs(one - two) / math.sqrt(v1 + v2)
    freedom = (v1 + v2) ** 2 / (v1**2 / (len(best) - 1) + v2**2 / (len(other) - 1))
    # The density of Student's t, summed from t on by the trapezoidal rule.
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    xs = [t + step / 1000 for step in range(200_000)]
    tail = sum(scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2) for x in xs) / 1000
    assert chance(best, other) == pytest.approx(2 * tail, abs=1e-3)


def test_what_is_noise_is_said_to_be_and_what_is_not_known_is_not():
    cells = [cell("low", 0.1, 0.11, 0.09), cell("near", 0.79, 0.83, 0.78), cell("best", 0.80, 0.82, 0.81)]
    order = [(each.values["a"], each.verdict) for each in judged([*cells, cell("none")], "max")]
    assert order == [("best", "best"), ("near", "within noise"), ("low", ""), ("none", "")]
    assert [each.values["a"] for each in judged(cells, "min")] == ["low", "near", "best"]
    alone = judged([cell("a", 0.5), cell("b", 0.4)], "max")
    assert [each.verdict for each in alone] == ["best", ""] and alone[1].p is None and alone[0].spread is None
    assert chance([0.5, 0.5], [0.5, 0.5]) == 1.0 and chance([0.5, 0.5], [0.4, 0.4]) == 0.0


def test_what_counts_by_default():
    found = {"loss": "min", "mae": "down", "top_accuracy": "max"}
    assert choose("", "", found, ("val_", "test_"), False) == ("val_top_accuracy", "max")
    assert choose("", "", found, ("test_",), False) == ("test_top_accuracy", "max")
    assert choose("", "", {"loss": "min", "mae": "min"}, (), False) == ("loss", "min")
    assert choose("odd", "max", MEASURES, (), False) == ("odd", "max")
    with pytest.raises(KzooError, match="There is no validation data"):
        choose("val_loss", "", found, ("test_",), False)


def test_two_axes_make_a_heat_map(command_line, monkeypatch, tmp_path):
    from kzoo.cli.heat_map import heat_map_of, terminal_map

    values = {("relu", "1"): 0.1, ("mish", "1"): 0.2, ("relu", "2"): 0.3, ("mish", "2"): 0.4}
    outcomes(monkeypatch, lambda job: values[override(job, "model.activation"), override(job, "fit.epochs")])
    arguments = ["model.activation=relu,mish", "fit.epochs=1,2", "seed=0,1", "--into", "mine"]
    assert command_line("sweep", "digits_quick", *arguments)[0] == 0
    found = heat_map_of(summarize(sweep.load(tmp_path / "mine").study))
    assert found.rows == ("relu", "mish") and found.columns == ("1", "2")
    assert found.means == ((0.1, 0.3), (0.2, 0.4)) and found.share(0.4) == 1 and found.share(0.1) == 0
    assert terminal_map(found).row_count == 2
    first = (tmp_path / "mine" / "heat_map.svg").read_text()
    texts = [
        "".join(each.itertext()) for each in ElementTree.fromstring(first).iter() if each.tag.endswith("text")
    ]
    assert {"0.1000", "0.4000", "relu", "val_accuracy, mean over seeds"} <= set(texts)
    assert command_line("sweep", "--resume", "mine")[0] == 0
    assert (tmp_path / "mine" / "heat_map.svg").read_text() == first
