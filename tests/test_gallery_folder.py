"""Where `kzoo gallery` writes, what it says, and what it never overwrites."""

import json
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest

from kzoo.cli.gallery import command
from kzoo.gallery.folder import write_folder
from kzoo.problems import KzooError


def run(*arguments):
    return click.testing.CliRunner().invoke(command, list(map(str, arguments)), catch_exceptions=False)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_catalogue_gives_the_same_site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("--kind", "constraint", "--kind", "regularizer")
    assert (
        done.exit_code == 0
        and done.output.startswith("8 parts on 11 pages")
        and "site/index.html" in done.output
    )
    first = contents(tmp_path / "site")
    assert Path("loss/index.html") not in first
    (tmp_path / "site" / "constraint" / "max_norm.html").unlink()
    told = json.loads(run("--kind", "constraint", "--kind", "regularizer", "--json").output)
    assert contents(tmp_path / "site") == first
    assert told["pages"] == 11 and told["parts"] == {"regularizer": 4, "constraint": 4}
    assert told["bytes"] == sum(len(each) for path, each in first.items() if path.name != "gallery.json")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    "prepare, said",
    [
        (lambda folder: folder.write_text("mine"), "is a file"),
        (
            lambda folder: (folder.mkdir(), (folder / "thesis.tex").write_text("mine")),
            "isn't an earlier gallery",
        ),
        (
            lambda folder: (
                write_folder(folder, {"a.html": b""}, {}),
                (folder / "mine.txt").write_text("mine"),
            ),
            "mine.txt",
        ),
        (
            lambda folder: (write_folder(folder, {"a.html": b""}, {}), (folder / "link").symlink_to("/")),
            "link",
        ),
        (
            lambda folder: (
                folder.mkdir(),
                (folder / "gallery.json").write_text("{}"),
                (folder / "b").write_text(""),
            ),
            "b",
        ),
    ],
)
def test_what_is_somebodys_is_never_overwritten(tmp_path, prepare, said):
    folder = tmp_path / "out"
    prepare(folder)
    before = contents(tmp_path)
    with pytest.raises(KzooError, match=said) as caught:
        run("--out", folder, "--kind", "constraint")
    assert caught.value.problems[0].hint
    assert contents(tmp_path) == before


def test_places_where_nothing_can_be_written(tmp_path, monkeypatch):
    with pytest.raises(KzooError, match="there is no folder"):
        run("--out", tmp_path / "no" / "where")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KzooError, match="the folder that you are in"):
        run("--out", ".")
    with pytest.raises(KzooError, match="unknown kind 'los'"):
        run("--kind", "los")
    assert not list(tmp_path.iterdir())


def test_a_site_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    write_folder(folder, {"a.html": b"old"}, {})
    rename = Path.rename

    def fail(path, target):
        if target == folder and not path.name.endswith(".old"):
            raise OSError(16, "busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(KzooError, match="busy"):
        write_folder(folder, {"a.html": b"new"}, {})
    assert (folder / "a.html").read_bytes() == b"old" and [each.name for each in tmp_path.iterdir()] == [
        "site"
    ]


def test_without_what_reads_formulas_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(KzooError, match="latex2mathml") as caught:
        run("--out", tmp_path / "site")
    assert caught.value.problems[0].hint == 'pip install "kzoo[gallery]"'


def test_it_imports_neither_keras_nor_numpy(tmp_path):
    code = f"""if True:
        import sys
        from kzoo.cli import main
        sys.argv = ["kzoo", "gallery", "--out", {str(tmp_path / "site")!r}, "--kind", "schedule"]
        try:
            main()
        except SystemExit as ended:
            assert not ended.code, ended.code
        loaded = {{"keras", "tensorflow", "jax", "torch", "numpy", "matplotlib"}} & set(sys.modules)
        assert not loaded, loaded
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
