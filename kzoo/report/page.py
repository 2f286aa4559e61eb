"""A template to one HTML file that asks for nothing else."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

import jinja2

from kzoo import __version__
from kzoo.problems import KzooError, Problem
from kzoo.report.plot import number
from kzoo.runs.files import write_whole

_TEMPLATES = Path(__file__).parent / "templates"
_MARK = '<meta name="generator" content="kzoo'  # by which our own pages are known


def rendered(template: str, **values: Any) -> str:
    """The page that a template makes of values. Whatever they hold is text: none of it becomes markup.

    Args:
        template: The name of a file in templates/.
        **values: What it shows.
    """
    script = _content("page.js")
    # The one script of the page; a browser runs no other, whatever the page holds.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = {"version": __version__, "style": _content("page.css"), "script": script, "script_digest": digest}
    return _environment().get_template(template).render(**own, **values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent, "thousands": "{:,}".format}
    return environment


def percent(share: float) -> str:
    """A share as people read it.

    >>> percent(0.5), percent(0.9996), percent(0.00004), percent(1e-12)
    ('50 %', '99.96 %', '0.004 %', 'under 0.001 %')
    """
    value = 100 * share
    if 0 < value < 0.1:
        return f"{value:.1g} %" if value >= 0.001 else "under 0.001 %"
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def write_page(path: Path, text: str) -> str:
    """Writes a page where there is none, or an earlier one of ours.

    Args:
        path: Where to.
        text: The page.

    Returns:
        `written` or `replaced`.

    Raises:
        KzooError: If something else lies there, or nothing can.
    """
    if path.is_dir() or not path.parent.is_dir():
        problem = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise KzooError(Problem(f"can't write {path}: {problem}", hint="--out takes the path of a file."))
    there = path.exists()
    if there and _MARK not in path.read_text(encoding="utf-8", errors="replace")[:2000]:
        hint = "Give it another name: --out FILE."
        raise KzooError(Problem(f"{path} is there already and is no page of kzoo", hint=hint))
    try:
        write_whole(path, text)
    except OSError as error:
        raise KzooError(f"can't write {path}: {error.strerror}") from error
    return "replaced" if there else "written"


def _content(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
