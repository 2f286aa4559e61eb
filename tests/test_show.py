"""`kzoo show` with curves: alone, side by side, in a file; and what it doesn't import for that."""

import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import click.testing
import pytest

from kzoo.cli.panels import Panel, panels_of
from kzoo.cli.show import command
from kzoo.cli.terminal_plot import print_panels
from kzoo.problems import KzooError
from kzoo.registry import catalogue

COLOR = "\x1b["


def show(*arguments, **environment):
    """What the verb prints."""
    runner = click.testing.CliRunner(env={"COLUMNS": "80", **environment})
    done = runner.invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_a_single_part_has_its_card_and_its_curve_below():
    printed = show("mish")
    assert printed.startswith("keras/mish (activation)\n  Input times tanh")
    assert printed.index("proof:") < printed.index("f(x) and its derivative") < printed.index("┤")
    printed = show("warmup_cosine")
    assert (
        "learning rate: warmup_cosine(peak=1.0, warmup='10%')" in printed and "% of the training" in printed
    )


def test_a_part_without_a_curve_is_shown_as_ever():
    printed = show("smooth_l1")
    assert "kzoo/smooth_l1 (loss)" in printed and "┤" not in printed


def test_activations_are_laid_side_by_side():
    printed = show("relu", "mish", "tanh")
    heading = next(line for line in printed.splitlines() if "keras/relu" in line)
    assert "keras/mish" in heading and "keras/tanh" in heading
    row = next(line for line in printed.splitlines() if "zero-centered" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["zero-centered", "no", "no", "yes"]
    assert "(activation)" not in printed
    assert [line.strip() for line in printed.splitlines() if "(x)" in line and "│" not in line] == [
        "f(x)",
        "f′(x)",
    ]
    assert all(len(re.findall(rf"(?:⢕⢕|••|××) {name}\b", printed)) == 2 for name in ("relu", "mish", "tanh"))


def test_schedules_are_laid_side_by_side():
    printed = show("poly", "rex")
    assert "kzoo/poly" in printed and "kzoo/rex" in printed and printed.count("% of the training") == 1


def test_parts_of_several_kinds_come_one_after_another():
    printed = show("smooth_l1", "mish")
    assert (
        printed.index("kzoo/smooth_l1 (loss)") < printed.index("keras/mish (activation)") < printed.index("┤")
    )


def test_the_same_part_twice_is_one():
    assert show("swish", "silu", "--kind", "activation").count("keras/silu") == 1


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_the_width_is_the_terminals(columns):
    for names in (["mish"], ["relu", "gelu"]):
        plotted = show(*names, COLUMNS=str(columns)).partition("f(x)")[2]
        assert max(map(len, plotted.splitlines())) == columns
    assert max(map(len, show("relu", "gelu", COLUMNS=str(columns)).splitlines())) == columns


def test_colors_are_for_terminals_only(capsys):
    plain = show("relu", "mish").partition("f(x)")[2]
    assert COLOR not in plain and all(line == line.rstrip() for line in plain.splitlines())
    print_panels(panels_of([catalogue().find("activation", "mish")]), 80, colored=True)
    assert COLOR in capsys.readouterr().out


def test_where_the_signs_cannot_be_written_there_is_no_plot(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    print_panels(panels_of([catalogue().find("activation", "mish")]), 80, colored=False)
    stream.flush()
    assert not stream.buffer.getvalue()


def test_what_runs_off_is_cut():
    (panel,) = panels_of([catalogue().find("activation", "exponential")])
    assert isinstance(panel, Panel) and panel.top <= 6
    assert all(len(x) == len(y) > 50 for _, x, y in panel.lines)


def test_json_has_no_curve():
    assert json.loads(show("mish", "--json"))["name"] == "mish"
    assert [card["name"] for card in json.loads(show("relu", "mish", "--json"))] == ["relu", "mish"]


def test_the_picture_is_the_same_every_time(tmp_path):
    path = tmp_path / "curves.svg"
    assert show("relu", "mish", "--svg", str(path)).endswith(f"written: {path}\n")
    first = path.read_bytes()
    assert show("relu", "mish", "--svg", str(path)).endswith(f"replaced: {path}\n")
    assert path.read_bytes() == first
    texts = {each.text for each in ElementTree.fromstring(first).iter("{http://www.w3.org/2000/svg}text")}
    assert {"relu", "mish", "f(x)", "f′(x)"} <= texts
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(show("mish", "--json", "--svg", str(path)))["name"] == "mish"
    assert path.read_bytes() != first


def test_a_picture_of_what_has_no_curve(tmp_path):
    with pytest.raises(KzooError) as caught:
        show("softmax", "relu", "adam", "--svg", str(tmp_path / "x.svg"))
    assert [each.message for each in caught.value.problems] == [
        "nothing to draw of 'softmax'",
        "nothing to draw of 'adam'",
    ]
    with pytest.raises(KzooError, match="there is no folder"):
        show("relu", "--svg", str(tmp_path / "nowhere" / "x.svg"))
    with pytest.raises(KzooError, match="is a folder"):
        show("relu", "--svg", str(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [["mish"], ["relu", "mish", "gelu"], ["warmup_cosine"]], ids=" ".join)
def test_drawing_imports_neither_keras_nor_numpy(names):
    code = f"""if True:
        import sys
        from kzoo.cli import main
        sys.argv = ["kzoo", "show", *{names!r}]
        try:
            main()
        except SystemExit as ended:
            assert not ended.code, ended.code
        loaded = {{"keras", "tensorflow", "jax", "torch", "numpy", "matplotlib"}} & set(sys.modules)
        assert not loaded, loaded
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "┤" in done.stdout
