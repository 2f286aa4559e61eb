"""The built wheel in an empty environment works like the checkout."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


def call(*command, cwd, **variables):
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "KERAS_BACKEND")
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment | variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (path,) = folder.glob("kzoo-*.whl")
    return path


def test_it_carries_the_catalogue_and_the_recipes(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("registry", "recipes"):
        shipped = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        carried = {Path(name).name for name in names if name.startswith(f"kzoo/shipped/{folder}/")}
        assert shipped == carried
    templates = [path.name for path in (ROOT / "kzoo" / "gallery" / "templates").iterdir()]
    assert {f"kzoo/gallery/templates/{name}" for name in templates} <= set(names)


def test_it_carries_the_templates_of_reports(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    templates = {path.name for path in (ROOT / "kzoo" / "report" / "templates").iterdir()}
    assert {f"kzoo/report/templates/{name}" for name in templates} <= set(names)


def test_it_trains_in_an_empty_environment(wheel, tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    call(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert "smooth_l1" in call(python, "-m", "kzoo", "list", "loss", cwd=tmp_path)
    assert "fine" in call(python, "-m", "kzoo", "check", "mnist_best", cwd=tmp_path)
    printed = call(tmp_path / "empty" / "bin" / "kzoo", "train", "digits_quick", cwd=tmp_path)
    assert "test: accuracy 0.9" in printed
    assert list(tmp_path.glob("runs/*/report.html"))
    where = call(python, "-c", "import kzoo; print(kzoo.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path))
