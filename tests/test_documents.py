"""What README and docs show is true: their Python runs, their recipes are right, their names are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kzoo.cli import VERBS
from kzoo.recipe import load_recipe

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]


def blocks(language):
    """Every block of a language, with the page it stands on."""
    return [
        pytest.param(block, id=f"{page.stem}-{index}")
        for page in PAGES
        for index, block in enumerate(re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.S))
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code, tmp_path):
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_recipes_are_right(text, tmp_path):
    if text.startswith("model:"):
        text = "data: digits\ncompile: {loss: mse}\n" + text
    if text.startswith("compile:"):
        text = "data: digits\nmodel: mlp\n" + text
    (tmp_path / "other.yaml").write_text((ROOT / "recipes" / "mnist_cnn.yaml").read_text())
    (tmp_path / "shown.yaml").write_text(text)
    load_recipe(tmp_path / "shown.yaml")


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_verb_is_in_the_readme_and_every_verb_there_exists():
    shown = set(re.findall(r"`kzoo ([\w-]+)", (ROOT / "README.md").read_text()))
    assert shown == set(VERBS)


def test_the_map_names_every_folder():
    text = (ROOT / "README.md").read_text()
    for package in ("cli", "sweep", "training", "runs", "build", "recipe", "registry"):
        assert re.search(rf"^\s+{package}/", text, re.M)


def test_the_migration_page_says_what_the_cards_say():
    checked = subprocess.run([sys.executable, ROOT / "docs" / "make_migration.py", "--check"])
    assert checked.returncode == 0, "docs/migration.md is out of date: make migration"
