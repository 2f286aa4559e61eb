"""`comparison.html`: runs side by side, with what their recipes and their surroundings differ in."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kzoo.recipe import load_recipe
from kzoo.report.curves import compared_curves
from kzoo.report.difference import difference
from kzoo.report.direction import direction
from kzoo.report.page import rendered, write_page
from kzoo.report.run_page import duration
from kzoo.runs.folder import Run
from kzoo.runs.rows import read_rows

_SURROUNDINGS = ("backend", "devices", "python", "platform", "plugins", "data_fingerprint", "git")


def write_comparison(runs: Sequence[Run], path: Path) -> str:
    """Writes the page that lays runs side by side.

    Args:
        runs: The runs, finished or not.
        path: Where to; an earlier page of ours there is replaced.

    Returns:
        `written` or `replaced`.

    Raises:
        KzooError: If it can't be written.
    """
    labels = [string.ascii_uppercase[i] if i < 26 else str(i + 1) for i in range(len(runs))]
    histories = [read_rows(run.path / "history.csv") for run in runs]
    compared = compare(runs)
    page = rendered(
        "comparison.html",
        title=f"{len(runs)} runs of kzoo",
        labels=labels,
        plots=compared_curves(histories, labels),
        columns=_columns(compared["runs"]),
        **compared,
    )
    return write_page(path, page)


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """What runs came to, and what they differ in.

    Args:
        runs: The runs.

    Returns:
        `runs` (`name`, `path`, `finished`, `results` of each); `recipe`, `versions` and `environment`: by key, each
        run's value, None where it has none; only what differs.
    """
    environments = [run.environment for run in runs]
    fingerprints = {each.get("data_fingerprint") for each in environments}
    recipes = [load_recipe(run.path / "resolved.yaml", check=False).resolved for run in runs]
    names = [run.path.resolve().name for run in runs]
    return {
        "runs": [
            {
                "name": name if names.count(name) == 1 else str(run.path),
                "path": str(run.path),
                "finished": run.finished,
                "results": run.results,
            }
            for name, run in zip(names, runs)
        ],
        "recipe": difference(recipes, same_data=len(fingerprints) == 1 and None not in fingerprints),
        "versions": _differing([each.get("versions") or {} for each in environments]),
        "environment": _differing(
            [{key: each[key] for key in _SURROUNDINGS if key in each} for each in environments]
        ),
    }


def _differing(values: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    rows = {
        key: [each.get(key) for each in values]
        for key in dict.fromkeys(key for each in values for key in each)
    }
    return {key: row for key, row in rows.items() if any(each != row[0] for each in row)}


def _columns(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns of the table of results: a title, a text for each run, and which runs are best."""
    return [
        *_measured(runs, "test"),
        *_costs(runs),
        *_measured(runs, "validation"),
        *_measured(runs, "train"),
    ]


def _measured(runs: Sequence[dict[str, Any]], split: str) -> Iterator[dict[str, Any]]:
    measured = [run["results"].get(split) or {} for run in runs]
    for name in dict.fromkeys(name for each in measured for name in each):
        values = [each.get(name) for each in measured]
        texts = ["–" if value is None else f"{value:.5g}" for value in values]
        yield {"title": f"{split} {name}", "texts": texts, "best": _best(values, direction(name))}


def _costs(runs: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    said = {
        "epochs": ("epochs", str),
        "parameters": ("parameters", "{:,}".format),
        "seconds": ("time", duration),
    }
    for name, (title, as_text) in said.items():
        values = [run["results"].get(name) for run in runs]
        yield {
            "title": title,
            "texts": ["–" if each is None else as_text(each) for each in values],
            "best": [],
        }


def _best(values: Sequence[float | None], way: str) -> list[int]:
    """The places of the best values, where there are different ones and it is known what is better."""
    numbers = [value for value in values if value is not None and value == value]
    if not way or len(set(numbers)) < 2:
        return []
    wanted = min(numbers) if way == "min" else max(numbers)
    return [index for index, value in enumerate(values) if value == wanted]
